import CastyCore
import CastyObservability

/// The loss ledger of a node.
struct LossesView: Encodable, Sendable {
    struct Entry: Encodable, Sendable {
        let reason: String
        let lossClass: String
        let count: UInt64
        let latestTarget: String
        let latestType: String

        private enum CodingKeys: String, CodingKey {
            case reason, lossClass = "class", count, latestTarget, latestType
        }
    }

    let node: String
    let losses: [Entry]

    init(_ snapshot: NodeSnapshot) {
        node = snapshot.node.description
        losses = snapshot.losses.map {
            Entry(
                reason: $0.reason.rawValue, lossClass: $0.lossClass.rawValue, count: $0.count,
                latestTarget: $0.latestTarget, latestType: $0.latestType)
        }
    }
}
