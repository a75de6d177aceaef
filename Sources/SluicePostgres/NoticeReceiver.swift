import CLibpq

/// Takes the notices of one connection from libpq, field by field.
final class NoticeReceiver {
    private let handler: @Sendable (ServerDiagnostics) -> Void
    /// How many notices there were.
    private(set) var count = 0

    init(_ handler: @escaping @Sendable (ServerDiagnostics) -> Void) {
        self.handler = handler
    }

    /// Must outlive `connection`. The libpq function is `PQsetNoticeReceiver`.
    func receive(from connection: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<NoticeReceiver>.fromOpaque(context).takeUnretainedValue()
                    .received(ServerDiagnostics(of: result))
            }, context)
    }

    /// `nil` is a notice of libpq's own, which nobody needs.
    private func received(_ notice: ServerDiagnostics?) {
        guard let notice else { return }
        count += 1
        handler(notice)
    }
}
