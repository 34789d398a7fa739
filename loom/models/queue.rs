//! Producers and consumers of a queue, some of which never finish.

use super::Model;

pub(super) const MODELS: &[Model] = &[];
