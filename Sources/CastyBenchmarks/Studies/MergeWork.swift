import CastyCore
import CastyMembership
import CastyTestbed

/// Two states of a cluster that differ in every third member, to measure the cost of merging them.
package struct MergeWork: Sendable {
    private let left: Gossip
    private let right: Gossip
    private let members: [UniqueAddress]

    package init(members count: Int) {
        let nodes = (1...count).map { number in
            let address = NodeAddress(host: "10.0.\(number / 250).\(number % 250)", port: 25_520)
            return UniqueAddress(address: address, incarnation: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        }
        members = nodes
        func state(_ shift: Int) -> Gossip {
            let members = nodes.enumerated().map { index, node in
                Member(node: node, status: (index + shift) % 3 == 0 ? .leaving : .up, upNumber: UInt32(index + 1))
            }
            let entries = nodes.enumerated().map { index, node in
                VectorClock.Entry(node: node, count: UInt64(1 + (index + shift) % 3))
            }
            return Gossip(
                members: members, reachability: [], tombstones: [], version: VectorClock(entries), seen: nodes)
        }
        left = state(0)
        right = state(1)
    }

    /// Merges the two, and checks what keeps the result from converging.
    package func repeated(_ times: Int) throws {
        for _ in 0..<times {
            let merged = left.merged(with: right)
            guard merged.obstacles(seenBy: members[0], leavers: []).count == members.count else {
                throw TestClusterError("a merged state of \(members.count) members counts as seen")
            }
        }
    }
}
