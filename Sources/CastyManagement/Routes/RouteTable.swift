import NIOHTTP1

/// All routes, and who may use them.
struct RouteTable: Sendable {
    private let node: ManagedNode
    private let token: ManagementToken?
    private let hosts: HostCheck
    private let routes = Route.views + Route.verbs
    private let document: ManagementResponse

    init(_ node: ManagedNode, _ token: ManagementToken?, _ hosts: HostCheck) {
        self.node = node
        self.token = token
        self.hosts = hosts
        document = .json(OpenAPIDocument.make(routes))
    }

    /// Answers a request, once.
    ///
    /// - Parameter probesOnly: Whether its connection may only ask whether the node lives and is ready.
    func answer(
        _ head: HTTPRequestHead, probesOnly: Bool = false, _ answer: @escaping @Sendable (ManagementResponse) -> Void
    ) {
        guard let request = ManagementRequest(head) else {
            return answer(.problem(.badRequest, "the target is no path of this server, or is wrongly encoded"))
        }
        guard hosts.allows(head.headers["host"]) else {
            return answer(
                .problem(
                    .misdirectedRequest,
                    "this server is not known by the name in the header Host: use its address, or name it in its setting hosts"
                ))
        }
        guard !probesOnly || Self.probes.contains(request.path) else {
            return answer(
                .problem(
                    .serviceUnavailable, "all connections are in use: only /live and /ready are answered now",
                    headers: [("Retry-After", "1")]))
        }
        // A request of HEAD is answered as one of GET, without the body.
        let method = request.method == .HEAD ? .GET : request.method
        if request.path == ["openapi.json"] {
            return answer(method == .GET ? document : Self.notAllowed([.GET]))
        }
        let matches = routes.compactMap { route in route.values(of: request.path).map { (route, $0) } }
        guard !matches.isEmpty else {
            return answer(.problem(.notFound, "there is nothing at this path; GET /openapi.json lists what there is"))
        }
        guard let (route, path) = matches.first(where: { $0.0.method == method }) else {
            return answer(Self.notAllowed(matches.map(\.0.method)))
        }
        if route.isVerb, let refusal = refusal(request) { return answer(refusal) }
        do throws(RouteValues.Problem) {
            let values = try RouteValues(route, path: path, query: request.query)
            route.handle(values, node, answer)
        } catch {
            answer(.problem(.badRequest, error.detail))
        }
    }

    private static let probes = [["live"], ["ready"]]

    /// Why a client may not change anything.
    private func refusal(_ request: ManagementRequest) -> ManagementResponse? {
        guard let token else {
            return .problem(
                .forbidden, "this node was given no token, so nothing can be changed through it: start it with one")
        }
        guard let bearer = request.bearer, token.matches(bearer.utf8) else {
            return .problem(
                .unauthorized, "present the token as the header Authorization: Bearer …",
                headers: [("WWW-Authenticate", "Bearer realm=\"casty\"")])
        }
        return nil
    }

    private static func notAllowed(_ methods: [HTTPMethod]) -> ManagementResponse {
        let allowed = methods.flatMap { $0 == .GET ? ["GET", "HEAD"] : [$0.rawValue] }.joined(separator: ", ")
        return .problem(.methodNotAllowed, "this path takes \(allowed)", headers: [("Allow", allowed)])
    }
}
