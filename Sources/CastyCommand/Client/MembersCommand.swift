import ArgumentParser
import CastyCore
import CastyObservability

/// `casty members`: the members in a running node's view.
struct MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "Print the members that a running node sees.",
        discussion: """
            One member a line: address, status, whether it is unreachable, its roles, and the version of the \
            protocol that the node speaks with it. Two nodes that see different members for long are in two \
            clusters. Exits with 69 if the node does not answer.

              casty members 127.0.0.1:7001
              casty members 127.0.0.1:7001 --json | jq -r .node
            """)

    @OptionGroup var asked: AskedNode

    func run() throws {
        let snapshot = try asked.snapshot(for: "members")
        let members = snapshot.membership.members
        let width = members.map { $0.node.address.description.count }.max() ?? 0
        for member in members {
            Output.line(
                asked.options.json ? Self.json(member, snapshot) : Self.text(member, snapshot, width: width))
        }
        if members.isEmpty { Output.error("casty members: \(asked.node) is in no cluster yet") }
    }

    private static func json(_ member: MemberSnapshot, _ snapshot: NodeSnapshot) -> String {
        let view = snapshot.membership
        var line = JSONLine()
        line.add("event", "member")
        line.add("node", member.node.address.description)
        line.add("incarnation", String(member.node.incarnation, radix: 16))
        line.add("status", member.status.description)
        line.add("unreachable", raw: member.unreachable ? "true" : "false")
        line.add("up_number", member.upNumber)
        line.add("roles", member.roles)
        line.add("leader", raw: view.leader == member.node ? "true" : "false")
        line.add("oldest", raw: view.oldest == member.node ? "true" : "false")
        line.add("protocol", snapshot.protocolVersion(with: member.node.address))
        return line.text
    }

    private static func text(_ member: MemberSnapshot, _ snapshot: NodeSnapshot, width: Int) -> String {
        let view = snapshot.membership
        let address = member.node.address.description
        let marks = [
            member.unreachable ? "unreachable" : nil, view.leader == member.node ? "leader" : nil,
            view.oldest == member.node ? "oldest" : nil,
            member.roles.isEmpty ? nil : "roles \(member.roles.joined(separator: ","))",
            snapshot.protocolVersion(with: member.node.address).map { "protocol \($0)" },
        ].compactMap { $0 }
        let status =
            member.status.description + String(repeating: " ", count: max(1, 11 - member.status.description.count))
        return
            "\(address)\(String(repeating: " ", count: width - address.count))  \(status)\(marks.joined(separator: ", "))"
    }
}
