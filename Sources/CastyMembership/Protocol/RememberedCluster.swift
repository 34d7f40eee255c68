public import CastyPrimitives

/// What a node remembers of the cluster it was in, from one of its processes to the next.
public struct RememberedCluster: Hashable, Sendable {
    /// The identity of the cluster.
    public var id: ClusterID
    /// Where its members listened, this node included, sorted; empty where only the identity is known.
    public var members: [NodeAddress]

    /// Creates a memory.
    public init(id: ClusterID, members: [NodeAddress] = []) {
        self.id = id
        self.members = members
    }
}

extension RememberedCluster {
    private static let heading = "casty cluster 1"

    /// The memory as the text of a small file: a heading, the identity, a line for each member, and how many these are.
    package var text: String {
        ([Self.heading, "id \(id)"] + members.map { "member \($0)" } + ["end \(members.count)"])
            .joined(separator: "\n") + "\n"
    }

    /// Reads a text; `nil` where it is not a whole one.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 4, lines[0] == Self.heading, lines.last == "", lines[1].hasPrefix("id "),
            let id = ClusterID(String(lines[1].dropFirst(3)))
        else { return nil }
        let members = lines[2..<(lines.count - 2)].map { line in
            line.hasPrefix("member ") ? NodeAddress(String(line.dropFirst(7))) : nil
        }
        guard members.allSatisfy({ $0 != nil }), lines[lines.count - 2] == "end \(members.count)" else { return nil }
        self.init(id: id, members: members.compactMap(\.self))
    }
}
