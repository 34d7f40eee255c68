import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastySerialization
import NIOCore

/// The messages to the manager of one singleton on one node: from users, other nodes, the singleton itself, and timers.
enum SingletonCommand: Sendable {
    /// A user's message.
    case route(ErasedMessage)
    /// A user's question, and how long its asker waits while there is no singleton.
    case ask(ErasedMessage, AskPatience)
    /// From another node. Only this case is sent over the network.
    case wire(EnvelopeHead, SingletonMessage<ErasedMessage>)
    /// What every shell learns.
    case shell(ShellEvent)
    case ended(UInt64, failed: Bool, unhandled: [ErasedMessage])
}

extension SingletonCommand: ShellCommand {
    var lossClass: LossClass? {
        switch self {
        case .route, .ask, .wire(_, .deliver): .user
        case .wire(_, .handOver), .wire(_, .handedOver), .shell, .ended: .control
        }
    }
}

extension SingletonCommand {
    /// The codec of the commands that are sent to other nodes.
    static func codec(_ payloads: PayloadCodecs) -> MessageCodec<SingletonCommand> {
        MessageCodec(
            encode: { command, context, buffer in
                guard case .wire(let head, let message) = command else {
                    throw WireError(.notEncodable, "only an envelope travels between the managers of a singleton")
                }
                buffer.writeBlob(head.bytes)
                switch message {
                case .handOver: buffer.writeInteger(1 as UInt8)
                case .handedOver: buffer.writeInteger(2 as UInt8)
                case .deliver(let payload, let hops, let asks):
                    buffer.writeInteger(3 as UInt8)
                    // The hops, which are few, are in the lower half of the byte; the upper half holds the asker's
                    // patience, if any.
                    buffer.writeInteger(UInt8(truncatingIfNeeded: min(hops, 15)) | (asks?.rawValue ?? 0) << 4)
                    try head.payloads.encode(payload, context, &buffer)
                }
            },
            decode: { buffer, context in
                let head = try payloads.head(from: &buffer)
                try context.require(sender: head.from)
                switch try buffer.readByte() {
                case 1: return .wire(head, .handOver)
                case 2: return .wire(head, .handedOver)
                case 3:
                    let marks = try buffer.readByte()
                    let asks = marks < 16 ? nil : AskPatience(rawValue: marks >> 4)
                    guard marks < 16 || asks != nil else {
                        throw WireError(.malformed, "\(marks) marks no message for a singleton")
                    }
                    let payload = try head.payloads.decode(&buffer, context)
                    return .wire(head, .deliver(payload, hops: Int(marks & 15), asks: asks))
                case let byte: throw WireError(.malformed, "\(byte) is no message between managers of a singleton")
                }
            })
    }
}
