import NIOHTTP1

/// One thing that a client can ask for: where it is found, what it means, and how it is answered. The document that
/// describes all of them is made from this too.
struct Route: Sendable {
    enum Part: Equatable, Sendable {
        case literal(String)
        case parameter(RouteParameter)
    }

    /// Answers a request, once.
    typealias Handler =
        @Sendable (RouteValues, ManagedNode, @escaping @Sendable (ManagementResponse) -> Void) -> Void

    let method: HTTPMethod
    let path: [Part]
    let operation: String
    let summary: String
    var query: [RouteParameter] = []
    /// What it answers, by status.
    let answers: [RouteAnswer]
    let handle: Handler

    /// Whether it changes something, and so needs the token.
    var isVerb: Bool { method != .GET }

    /// What a path says for the parameters; `nil` where it is another one.
    func values(of path: [String]) -> [String: String]? {
        guard path.count == self.path.count else { return nil }
        var values: [String: String] = [:]
        for (part, text) in zip(self.path, path) {
            switch part {
            case .literal(let literal): if literal != text { return nil }
            case .parameter(let parameter): values[parameter.name] = text
            }
        }
        return values
    }
}

/// A parameter in a path or after its question mark.
struct RouteParameter: Equatable, Sendable {
    enum Form: Sendable {
        case text
        /// The number of a shard.
        case shard
        /// `host:port`
        case node
    }

    let name: String
    let form: Form
    var isRequired = true
    let meaning: String
}

/// One answer of a route.
struct RouteAnswer: Sendable {
    let status: HTTPResponseStatus
    var meaning: String
    /// The name of its schema; `nil` for a problem, and for text.
    var schema: String?
    var isText = false

    /// What any route may answer. Only `/live` and `/ready` are answered however many connections there are, and they
    /// say something else with 503.
    static let ofAll: [RouteAnswer] = [
        problem(.badRequest, "A parameter is missing, unknown or wrong, or the request is no HTTP."),
        problem(.payloadTooLarge, "The body is too long."),
        problem(.misdirectedRequest, "The header `Host` names another host than this node's."),
        problem(.requestHeaderFieldsTooLarge, "There are too many headers, or they are too long."),
        problem(.serviceUnavailable, "All connections are in use."),
    ]

    static func problem(_ status: HTTPResponseStatus, _ meaning: String) -> RouteAnswer {
        RouteAnswer(status: status, meaning: meaning)
    }
}
