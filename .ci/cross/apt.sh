# Sourced by the scripts beside it that fetch: packages of Debian, of any architecture and suite, without
# the system's apt being told. It takes $cache, and leaves $apt to be removed.
# shellcheck shell=bash

# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

log=$cache/log
apt=$cache/apt
mkdir -p "$apt"
: >"$apt/empty"

# quietly COMMAND…: with a deadline, all that it says into the log.
quietly() {
    timeout 600 "$@" >>"$log" 2>&1
}

# failed WHAT…: skips, with the last thing that apt complained of. (That it went on without some
# index is no reason; the complaint before it is.)
failed() {
    skip "$*: $(grep '^[EW]: ' "$log" | grep -v 'Some index files' | tail -n 1)"
}

# state NAME ARCHITECTURE STATUS: makes a state of apt for ARCHITECTURE with the sources that
# standard input names, 'ADDRESS SUITE' a line, and all further apt commands use it. STATUS is the
# file that says what is installed. An index that cannot be had is left out: what matters is the
# package in the end.
state() {
    local dir=$apt/$1
    mkdir -p "$dir"/{lists,archives}/partial "$dir/none"
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg
    sed "s#.*#deb [signed-by=$keys] & main#" >"$dir/sources"
    cat >"$dir/conf" <<END
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Sandbox::User "";
Debug::NoLocking "true";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Dir::State "$dir";
Dir::State::lists "$dir/lists";
Dir::State::status "$3";
Dir::Cache "$dir";
Dir::Cache::archives "$dir/archives";
Dir::Etc::sourcelist "$dir/sources";
Dir::Etc::sourceparts "$dir/none";
Dir::Etc::preferencesparts "$dir/none";
END
    export APT_CONFIG=$dir/conf
    quietly apt-get -q update || true
}

# unpack FOLDER FILE…: and the packages are not needed any more.
unpack() {
    local into=$1 file
    shift
    mkdir -p "$into"
    for file in "$@"; do
        dpkg-deb -x "$file" "$into"
        rm "$file"
    done
}

# install FOLDER PACKAGE…: unpacks the packages and those of their dependencies that the system
# lacks. apt may plan to remove conflicting ones; it is never let to.
install() {
    local into=$1
    shift
    quietly apt-get -qy install --no-install-recommends --download-only --reinstall "$@" ||
        failed "apt cannot fetch $*"
    unpack "$into" "${APT_CONFIG%/conf}"/archives/*.deb
}

# newest PACKAGE [VERSION]: its newest version in all sources, of those that begin with VERSION.
# (Every filter reads to the end: one that stopped early could make the command before it fail.)
newest() {
    apt-cache madison "$1" 2>/dev/null | cut -d '|' -f 2 | tr -d ' ' | sort -V |
        sed -n "/^${2-}/h; \${g; p}"
}

# dependency PACKAGE NAME: the one whose name begins with NAME and then a version.
dependency() {
    apt-cache depends "$1" 2>/dev/null | sed -n "s/^ *Depends: \($2-[0-9].*\)/\1/p"
}

# The system's own sources of Debian proper, other publishers' left out.
sources=$(apt-get update --print-uris |
    sed -nE "s#^'(.*)/dists/($codename|$codename-updates|$codename-security)/InRelease'.*#\1 \2#p")
# address SUITE: the first there for it.
address() {
    sed -n "s# $1\$##p" <<<"$sources" | sed -n 1p
}
main=$(address "$codename")
[ -n "$main" ] || skip "apt has no source of Debian ${codename:-at all}"

# from SUITE ARCHITECTURE: has apt look there.
from() {
    local address
    address=$(address "$1")
    state "$1-$2" "$2" "$apt/empty" <<<"${address:-$main} $1"
    cd "$apt/$1-$2"
}
