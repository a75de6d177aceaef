import Glibc
import Synchronization

/// A pipe whose ends close with it.
package final class SystemPipe: Sendable {
    package let output: Int32
    package let input: Int32
    private let isInputClosed = Atomic(false)

    package init() {
        var ends: [Int32] = [-1, -1]
        let code = Inheritance.withoutStrays {
            let code = pipe(&ends)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return code
        }
        precondition(code == 0, "a pipe can be had")
        (output, input) = (ends[0], ends[1])
    }

    deinit {
        close(output)
        closeInput()
    }

    package func put(_ text: String) {
        precondition(write(input, text, text.utf8.count) == text.utf8.count)
    }

    package func closeInput() {
        if !isInputClosed.exchange(true, ordering: .relaxed) { close(input) }
    }
}

/// From now on SIGUSR1 interrupts system calls, and does nothing else.
package func ignoreInterrupts() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(SIGUSR1, &action, nil)
}
