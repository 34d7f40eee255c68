import CastyActors
import CastyInspection
import CastyPlacement
import CastyPrimitives
import CastyWire
import NIOCore

/// What the manager of one singleton on one node is told: by users, by other nodes, by the singleton itself, by its clock.
enum SingletonCommand: Sendable {
    /// A user's message.
    case route(SealedMessage)
    /// From another node. Only this travels.
    case wire(EnvelopeHead, SingletonMessage<SealedMessage>)
    case membershipChanged
    case wakeup(generation: UInt64)
    /// The singleton found the node's lease lapsed.
    case leaseLapsed
    case ended(UInt64, failed: Bool, unhandled: [SealedMessage])
    /// The node leaves; the function is called when nothing of it runs here any more.
    case leave(@Sendable () -> Void)
}

extension SingletonCommand: LossClassified {
    var lossClass: LossClass? {
        switch self {
        case .route, .wire(_, .deliver): .user
        case .wire(_, .handOver), .wire(_, .handedOver), .membershipChanged, .wakeup, .leaseLapsed, .ended, .leave:
            .control
        }
    }
}

extension SingletonCommand {
    /// How it travels.
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
                case .deliver(let payload, let hops):
                    buffer.writeInteger(3 as UInt8)
                    buffer.writeVarint(hops)
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
                    let hops = try buffer.readVarint(upTo: 255)
                    return .wire(head, .deliver(try head.payloads.decode(&buffer, context), hops: hops))
                case let byte: throw WireError(.malformed, "\(byte) is no message between managers of a singleton")
                }
            })
    }
}
