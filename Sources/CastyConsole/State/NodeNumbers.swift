import CastyObservability
import CastyScenario

/// The numbers by which commands name the nodes of a cluster of other processes, whose names are ports or hosts.
///
/// A node gets the next number when it is first seen, and keeps it.
struct NodeNumbers: Hashable, Sendable {
    private(set) var names: [String] = []

    /// Gives each node a number that has none; there are 254 at most.
    mutating func learn(_ seen: [String]) {
        for name in seen where !names.contains(name) && names.count < NodeName.numbers.upperBound { names.append(name) }
    }

    /// The number of a node, as commands name it.
    func number(of name: String) -> NodeName? { names.firstIndex(of: name).map { NodeName($0 + 1) } }

    /// The name that the screen shows for a number.
    func name(of number: NodeName) -> String? {
        names.indices.contains(number.number - 1) ? names[number.number - 1] : nil
    }
}

extension ConsoleState {
    /// Gives numbers to the nodes that are seen, where their names are no numbers.
    mutating func learnNodes(_ feed: ConsoleFeed) {
        guard mode.isAttached else { return }
        numbers.learn(feed.snapshot.nodes.map(\.name))
        numbers.learn(feed.snapshot.nodes.flatMap { $0.membership.members.map(\.name) })
    }

    /// The node with this name, as commands name it; `nil` if it is not one that a command can name.
    func commandName(_ name: String) -> NodeName? {
        mode.isAttached ? numbers.number(of: name) : NodeName(text: name)
    }

    /// The name that the screen shows for a node of a command.
    func shownName(_ name: NodeName) -> String { numbers.name(of: name) ?? name.description }

    /// The nodes by their shown names, for lines that name them so.
    var nodeAliases: [String: [NodeName]] {
        Dictionary(
            numbers.names.enumerated().map { ($0.element, [NodeName($0.offset + 1)]) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A word of a line that would be read as a number of a node, and is no name on this screen.
    func strayName(in line: String) -> String? {
        guard mode.isAttached, !line.hasPrefix("tell "), !line.hasPrefix("ask ") else { return nil }
        return line.split { " ,|".contains($0) }.map(String.init).first {
            NodeName(text: $0) != nil && numbers.number(of: $0) == nil
        }
    }
}
