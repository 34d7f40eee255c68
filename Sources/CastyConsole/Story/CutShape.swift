/// The shape of a cut: which nodes it separates from which.
enum CutShape: Hashable, Sendable {
    /// Two groups that no longer reach each other; the smaller one first.
    case split([String], [String])
    /// Nodes that no longer reach others, but still hear them.
    case oneWay([String], [String])
    /// Something else: the number of directions.
    case links(Int)

    init(_ links: [FaultStory.Direction]) {
        guard let first = links.first else {
            self = .links(0)
            return
        }
        func targets(of node: String) -> Set<String> { Set(links.filter { $0.from == node }.map(\.to)) }
        let far = targets(of: first.from)
        let near = Set(links.map(\.from)).filter { targets(of: $0) == far }
        let inOrder = { (nodes: Set<String>) in ClusterReading.inOrder(Array(nodes)) }
        let isTwoWay = far.allSatisfy { targets(of: $0) == near }
        if isTwoWay, links.count == 2 * near.count * far.count {
            let (one, other) = (inOrder(near), inOrder(far))
            self = one.count <= other.count ? .split(one, other) : .split(other, one)
        } else if links.count == near.count * far.count {
            self = .oneWay(inOrder(near), inOrder(far))
        } else {
            self = .links(links.count)
        }
    }

    /// The cut as a part of a sentence.
    var words: String {
        switch self {
        case .split(let one, let other): "\(Words.names(one)) cut off from \(Words.names(other))"
        case .oneWay(let from, let to): "\(Words.names(from)) cut one way to \(Words.names(to))"
        case .links(let count): "\(Words.count(count, "link")) cut"
        }
    }
}

extension Words {
    /// Nodes in the order of their numbers, at most six of them.
    static func names(_ nodes: [String]) -> String { list(ClusterReading.inOrder(nodes), most: 6) }
}
