import Glibc

/// A thread that may wait; to be joined or detached, once.
package struct SystemThread: Sendable {
    private let handle: pthread_t

    package init(_ body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        let box = Unmanaged.passRetained(Body(body)).toOpaque()
        let code = pthread_create(
            &handle, nil,
            { box in
                // It was retained for this thread, which gets nothing else.
                Unmanaged<Body>.fromOpaque(box!).takeRetainedValue().run()
                return nil
            }, box)
        precondition(code == 0, "a thread can be had")
        self.handle = handle
    }

    package func join() {
        pthread_join(handle, nil)
    }

    package func detach() {
        pthread_detach(handle)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
