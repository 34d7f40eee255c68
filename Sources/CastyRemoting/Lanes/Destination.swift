import CastyActors
import CastyCore
import CastyObservability
import CastySerialization

/// The destination of one route, and the header fields that all its frames share.
final class Destination: Sendable {
    let address: ActorAddress
    /// The registered name of the message type.
    let wireType: String
    /// The message type. Its name is composed when it is shown, because a route to an ask carries one message.
    private let type: any Sendable.Type
    /// The displayed name of the type.
    var shownType: String { String(describing: type) }
    let lane: FrameLane
    /// The class of a message's loss, where the message does not state it itself.
    let lossClass: LossClass
    /// Whether it is an ask, which the number alone identifies at its node.
    let isAsk: Bool
    /// The most bytes a header with this address and type can take.
    let headerBound: Int

    init(address: ActorAddress, wireType: String, type: any Sendable.Type, lane: FrameLane) {
        self.address = address
        self.wireType = wireType
        self.type = type
        self.lane = lane
        lossClass = LossClass(path: address.path)
        isAsk = lane == .user && address.uid != 0 && address.path == FrameName.path
        // The fixed part, the correlation and the type, in addition to the address.
        headerBound = 32 + Self.bound(of: address) + wireType.utf8.count
    }

    /// The most bytes an address can take: numbers and lengths of at most five bytes each, a port, a uid, the names.
    static func bound(of address: ActorAddress) -> Int {
        address.path.reduce(32 + address.system.utf8.count + address.node.host.utf8.count) { $0 + $1.utf8.count + 5 }
    }
}
