import CastyCore
import CastyLive

/// The checked values of a route's parameters.
struct RouteValues: Sendable {
    private var texts: [String: String] = [:]
    private var numbers: [String: Int] = [:]
    private var nodes: [String: NodeAddress] = [:]

    subscript(text name: String) -> String? { texts[name] }
    subscript(shard name: String) -> Int { numbers[name] ?? 0 }
    subscript(node name: String) -> NodeAddress { nodes[name] ?? .local }

    /// Why a request was not understood.
    struct Problem: Error {
        let detail: String
    }

    /// Checks the values of a request.
    ///
    /// - Throws: ``Problem`` where one is missing, unknown or wrong.
    init(_ route: Route, path: [String: String], query: [String: String]) throws(Problem) {
        for part in route.path {
            guard case .parameter(let parameter) = part, let text = path[parameter.name] else { continue }
            try add(text, as: parameter)
        }
        for parameter in route.query {
            guard let text = query[parameter.name] else {
                if parameter.isRequired {
                    throw Problem(detail: "the parameter \(parameter.name) is missing: \(parameter.meaning)")
                }
                continue
            }
            try add(text, as: parameter)
        }
        let known = route.query.map(\.name)
        if let unknown = query.keys.sorted().first(where: { !known.contains($0) }) {
            let list = known.isEmpty ? "none" : known.joined(separator: ", ")
            throw Problem(detail: "there is no parameter \(Self.short(unknown)) here; known: \(list)")
        }
    }

    private mutating func add(_ text: String, as parameter: RouteParameter) throws(Problem) {
        switch parameter.form {
        case .text:
            guard !text.isEmpty, text.utf8.count <= 255 else {
                throw Problem(detail: "\(parameter.name) has 1 to 255 bytes")
            }
            texts[parameter.name] = text
        case .shard:
            guard let number = Int(text), (0..<16_384).contains(number), "\(number)" == text else {
                throw Problem(detail: "\(parameter.name) is the number of a shard, 0…16383, not \(Self.short(text))")
            }
            numbers[parameter.name] = number
        case .node:
            guard let node = NodeAddress(text)?.canonical, node.port != 0 else {
                throw Problem(detail: "\(parameter.name) is host:port, as 10.0.0.7:25520, not \(Self.short(text))")
            }
            nodes[parameter.name] = node
        }
    }

    private static func short(_ text: String) -> String {
        "\"" + String(text.unicodeScalars.prefix(60).map { $0.value >= 0x20 && $0.value < 0x7F ? Character($0) : "?" })
            + "\""
    }
}
