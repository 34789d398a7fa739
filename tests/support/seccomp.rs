//! A seccomp(2) filter over the calling process and those that it forks.

use std::io;

/// From now on these system calls get this answer (`SECCOMP_RET_…`), and all others go through.
#[track_caller]
pub fn filter(calls: &[libc::c_long], answer: u32) {
    let statement = |code: u32, k| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for call in calls {
        let number = u32::try_from(*call).expect("a system call's number");
        let is_it = statement(libc::BPF_JMP | libc::BPF_JEQ, number);
        program.push(libc::sock_filter { jf: 1, ..is_it });
        program.push(statement(libc::BPF_RET, answer));
    }
    program.push(statement(libc::BPF_RET, libc::SECCOMP_RET_ALLOW));
    let len = u16::try_from(program.len()).expect("a short program");
    let filter = libc::sock_fprog { len, filter: program.as_mut_ptr() };
    // SAFETY: integers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the filter has as many instructions as it says, and the kernel copies them.
    let result =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}
