/// A token that is possible at a position in a line.
enum Expected: Hashable {
    case word(String)
    case node
    case nodes
    case entity
    case entities
    case shard
    case duration
    /// The words for an entity of a type.
    case message(type: String)
    case file
    /// Any other token, with a description.
    case value(String)
    case end

    /// The description for a person.
    var description: String {
        switch self {
        case .word(let word): word
        case .node: "a node such as n2"
        case .nodes: "nodes such as n2 or n1,n3"
        case .entity: "an entity such as account-7"
        case .entities: "an entity such as account-7, or account-1..account-100"
        case .shard: "the number of a shard"
        case .duration: "a duration such as 300ms, 10s or 2m"
        case .message: "a message"
        case .file: "the name of a file"
        case .value(let text): text
        case .end: "the end of the line"
        }
    }

    /// All of them in one phrase: `up, unreachable or down`.
    static func phrase(_ expected: [Expected]) -> String? {
        let all = expected.map(\.description)
        guard let last = all.last else { return nil }
        if all.count > 12 { return "one of \(all.count) words, such as " + all.prefix(8).joined(separator: ", ") }
        return all.count == 1 ? last : all.dropLast().joined(separator: ", ") + " or " + last
    }
}
