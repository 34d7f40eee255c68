import CastyCore
import CastyObservability
import CastyReporting

/// The names of nodes by their addresses, as far as the feed has reported them.
struct NodeNames: Hashable, Sendable {
    private var names: [Substring: String] = [:]

    /// A node that starts tells its address.
    mutating func learn(_ event: RuntimeEvent) {
        guard event.kind == .nodeStarted, let subject = event.subject, case .incarnation(let node)? = event.detail
        else {
            return
        }
        names["\(node.address.host):\(node.address.port)"] = subject
    }

    /// The name of the node at an address; the address if the name is not known.
    subscript(address: Substring) -> String { names[address] ?? String(address) }
}

/// A lost message in a person's words: the node it was sent to, the reason, the shard type.
struct LossWords: Hashable, Sendable {
    let node: String
    /// The node that it was sent to, if it was sent to a node.
    let target: String?
    let reason: String
    /// The shard type, if it was on its way to a region.
    let type: String?

    init(_ event: RuntimeEvent, _ names: NodeNames) {
        node = event.node
        reason = event.reason?.word ?? ""
        target = event.lostAddress.map { names[$0] }
        let region = "/sharding/"
        type = event.to.flatMap { to in to.firstRange(of: region).map { String(to[$0.upperBound...]) } }
    }

    /// Losses with the same topic are one matter.
    var topic: String { "\(node) \(reason) \(target ?? "") \(type ?? "")" }

    /// `269 messages lost: n3 unreachable (account)`.
    func text(_ count: Int, entity: String?) -> String {
        let what = count == 1 ? "message lost" : "\(count) messages lost"
        let whom = [target, reason].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
        let about = type ?? (count == 1 ? entity : nil)
        return what + (whom.isEmpty ? "" : ": \(whom)") + (about.map { " (\($0))" } ?? "")
    }
}
