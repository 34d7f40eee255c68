import CastyCore
import CastyObservability
import CastySerialization

/// Where the messages of one route go, and all of their frames' headers that is the same for each.
final class Destination: Sendable {
    let address: ActorAddress
    /// The registered name of the message type.
    let wireType: String
    /// The type's name for people.
    let shownType: String
    let lane: FrameLane
    /// What the loss of one of the messages counts as, where the message itself does not say.
    let lossClass: LossClass
    /// The most bytes a header with this address and type can take.
    let headerBound: Int

    init(address: ActorAddress, wireType: String, shownType: String, lane: FrameLane) {
        self.address = address
        self.wireType = wireType
        self.shownType = shownType
        self.lane = lane
        lossClass = LossClass(path: address.path)
        // The fixed part, the correlation and the type, beside the address.
        headerBound = 32 + Self.bound(of: address) + wireType.utf8.count
    }

    /// The most bytes an address can take: numbers and lengths of at most five bytes each, a port, a uid, the names.
    static func bound(of address: ActorAddress) -> Int {
        address.path.reduce(32 + address.system.utf8.count + address.node.host.utf8.count) { $0 + $1.utf8.count + 5 }
    }
}

extension LossClass {
    /// Whose traffic goes to an actor at a path.
    init(path: [String]) {
        switch path.first {
        case "system": self = .control
        case "temp": self = .reply
        default: self = .user
        }
    }
}
