/// One message of PostgreSQL's protocol, as a proxy saw it pass.
package struct WireMessage: Sendable, CustomStringConvertible {
    package enum Direction: Sendable, Hashable { case toServer, toClient }

    package enum Kind: Sendable, Hashable {
        /// The first message of a session, which has no type.
        case startup
        /// The only message of a connection that cancels another's work.
        case cancel
        case typed(Character)
    }

    /// Which of the proxy's connections, from 1.
    package let connection: Int
    package let direction: Direction
    package let kind: Kind
    /// In bytes, type and length included.
    package let length: Int
    /// What comes after the length, as far as is needed to tell messages apart.
    let start: [UInt8]

    init(connection: Int, direction: Direction, kind: Kind, bytes: ArraySlice<UInt8>) {
        self.connection = connection
        self.direction = direction
        self.kind = kind
        length = bytes.count
        let header = if case .typed = kind { 5 } else { 4 }
        start = Array(bytes.dropFirst(header).prefix(4_096))
    }

    package var description: String {
        let arrow = direction == .toServer ? "→" : "←"
        let name =
            switch kind {
            case .startup: "startup"
            case .cancel: "cancel"
            case .typed(let type): String(type)
            }
        return "#\(connection) \(arrow) \(name) \(length): \(Array(start.prefix(80)).escaped)"
    }
}

/// Which messages are meant; what is nil does not matter.
package struct MessagePattern: Sendable {
    package var direction: WireMessage.Direction?
    package var type: Character?
    /// Somewhere in its first 4,096 bytes.
    package var text: String?

    package init(
        _ direction: WireMessage.Direction? = nil, _ type: Character? = nil,
        containing text: String? = nil
    ) {
        self.direction = direction
        self.type = type
        self.text = text
    }

    package static let any = MessagePattern()
    /// The client's COMMIT, which ends its message; other statements may stand ahead of it.
    package static let commit = MessagePattern(.toServer, "Q", containing: "COMMIT\0")
    /// What the server says once it has committed.
    package static let committed = MessagePattern(.toClient, "C", containing: "COMMIT\0")

    package func matches(_ message: WireMessage) -> Bool {
        if let direction, message.direction != direction { return false }
        if let type, message.kind != .typed(type) { return false }
        guard let text else { return true }
        return message.start.contains(text.utf8)
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String.UTF8View) -> Bool {
        let text = Array(text)
        guard count >= text.count else { return false }
        return (0...count - text.count).contains { self[$0..<$0 + text.count].elementsEqual(text) }
    }
}

/// Cuts one side's bytes into messages.
struct MessageFramer {
    /// What the client asks before its first message, answered by one byte.
    enum Found {
        case message(WireMessage.Kind, length: Int)
        /// SSLRequest or GSSENCRequest, eight bytes.
        case encryptionRequest
    }

    private static let requestCodes: [Int32] = [80_877_103, 80_877_104]
    private static let cancelCode: Int32 = 80_877_102

    /// The client's first message has no type.
    var isTyped: Bool

    /// The message that the bytes begin with, once it is there whole.
    mutating func next(in bytes: [UInt8]) -> Found? {
        guard isTyped else { return untyped(bytes) }
        guard bytes.count >= 5 else { return nil }
        let length = 1 + Int(bytes.number(at: 1))
        guard bytes.count >= length else { return nil }
        return .message(.typed(Character(UnicodeScalar(bytes[0]))), length: length)
    }

    private mutating func untyped(_ bytes: [UInt8]) -> Found? {
        guard bytes.count >= 8, bytes.count >= Int(bytes.number(at: 0)) else { return nil }
        let code = bytes.number(at: 4)
        if Self.requestCodes.contains(code) { return .encryptionRequest }
        isTyped = true
        let kind: WireMessage.Kind = code == Self.cancelCode ? .cancel : .startup
        return .message(kind, length: Int(bytes.number(at: 0)))
    }
}

extension [UInt8] {
    /// In network order.
    fileprivate func number(at offset: Int) -> Int32 {
        self[offset..<offset + 4].reduce(0) { $0 << 8 | Int32($1) }
    }
}
