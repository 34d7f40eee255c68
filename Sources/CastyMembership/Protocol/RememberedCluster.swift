public import CastyCore

/// What a node remembers about its cluster from one run to the next.
public struct RememberedCluster: Hashable, Sendable {
    /// The identity of the cluster.
    public var id: ClusterID
    /// The addresses of its members, this node included, sorted; empty where only the identity is known.
    public var members: [NodeAddress]
    /// The highest up-number that a member had. If the cluster is founded again it continues above this number, so that
    /// no number, and no epoch based on one, is reused.
    public var highestUpNumber: UInt32

    /// Creates a remembered cluster.
    public init(id: ClusterID, members: [NodeAddress] = [], highestUpNumber: UInt32 = 0) {
        self.id = id
        self.members = members
        self.highestUpNumber = highestUpNumber
    }
}

extension RememberedCluster {
    private static let heading = "casty cluster 1"

    /// The text of a small file: a heading, the identity, the highest up-number, a line for each member, and the number
    /// of members.
    package var text: String {
        ([Self.heading, "id \(id)", "up-numbers \(highestUpNumber)"] + members.map { "member \($0)" } + [
            "end \(members.count)"
        ])
        .joined(separator: "\n") + "\n"
    }

    /// Reads such a text; `nil` where it is not complete.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 5, lines[0] == Self.heading, lines.last == "", lines[1].hasPrefix("id "),
            let id = ClusterID(String(lines[1].dropFirst(3))), lines[2].hasPrefix("up-numbers "),
            let highest = UInt32(lines[2].dropFirst(11))
        else { return nil }
        let members = lines[3..<(lines.count - 2)].map { line in
            line.hasPrefix("member ") ? NodeAddress(String(line.dropFirst(7))) : nil
        }
        guard members.allSatisfy({ $0 != nil }), lines[lines.count - 2] == "end \(members.count)" else { return nil }
        self.init(id: id, members: members.compactMap(\.self), highestUpNumber: highest)
    }
}
