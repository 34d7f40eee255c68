import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import Synchronization

/// Sends queries to the regions of one shard type on all nodes.
struct ShardQueries: Sendable {
    static let actorName = "sharding-queries"

    let type: String
    let role: String?
    let cluster: Cluster
    /// This node's own answer.
    let own: @Sendable (ShardQuery) -> ShardAnswer

    init(type: String, role: String?, cluster: Cluster, own: @escaping @Sendable (ShardQuery) -> ShardAnswer) {
        self.type = type
        self.role = role
        self.cluster = cluster
        self.own = own
    }

    /// Queries every member that may host shards, and calls back once: when all have answered, or the timeout has
    /// passed.
    func ask(
        _ query: ShardQuery, within timeout: Duration,
        completion: @escaping @Sendable ([ShardAnswer], [ShardQueryFailure]) -> Void
    ) {
        let system = cluster.system
        let nodes = cluster.state.members.filter { member in
            switch member.status {
            case .up, .leaving, .exiting: role.map { member.roles.contains($0) } ?? true
            case .joining, .weaklyUp, .down: false
            }
        }.map(\.node)
        let gathering = Gathering(nodes, completion)
        for node in nodes { ask(node, query, until: system.now + timeout, after: [], gathering) }
        if nodes.isEmpty { completion([], []) }
    }

    /// Queries one node until it has sent all pages.
    private func ask(
        _ node: UniqueAddress, _ query: ShardQuery, until deadline: Instant, after pages: [ShardAnswer],
        _ gathering: Gathering
    ) {
        let system = cluster.system
        let take: @Sendable (Result<ShardAnswer, AskError>) -> Void = { result in
            switch result {
            case .failure(let error): gathering.add(node, .failure(error))
            case .success(let answer):
                guard answer.isPlausible else {
                    let error = AskError(.failed, asking: "\(node)", because: "it answers with numbers that cannot be")
                    return gathering.add(node, .failure(error))
                }
                if let rest = query.rest(after: answer) {
                    ask(node, rest, until: deadline, after: pages + [answer], gathering)
                } else {
                    gathering.add(node, .success(pages + [answer]))
                }
            }
        }
        if node == system.unique { return take(.success(own(query))) }
        let type = type
        system.ask(
            system.reference(on: node.address, path: ["system", Self.actorName], as: ShardQuestion.self),
            within: max(.zero, deadline - system.now),
            { ShardQuestion(type: type, query: query, replyTo: $0) }, completion: take)
    }
}

/// Collects an answer or a failure from each of several nodes.
private final class Gathering: Sendable {
    private struct State {
        var results: [UniqueAddress: Result<[ShardAnswer], AskError>] = [:]
    }

    private let nodes: [UniqueAddress]
    private let completion: @Sendable ([ShardAnswer], [ShardQueryFailure]) -> Void
    private let state = Mutex(State())

    init(
        _ nodes: [UniqueAddress], _ completion: @escaping @Sendable ([ShardAnswer], [ShardQueryFailure]) -> Void
    ) {
        self.nodes = nodes.sorted()
        self.completion = completion
    }

    func add(_ node: UniqueAddress, _ result: Result<[ShardAnswer], AskError>) {
        let results = state.withLock { state -> [UniqueAddress: Result<[ShardAnswer], AskError>]? in
            state.results[node] = result
            return state.results.count == nodes.count ? state.results : nil
        }
        guard let results else { return }
        var answers: [ShardAnswer] = []
        var failed: [ShardQueryFailure] = []
        for node in nodes {
            switch results[node] {
            case .success(let pages):
                if case .notHosted? = pages.last {
                    failed.append(ShardQueryFailure(node: node, reason: .notHosted))
                } else {
                    answers += pages
                }
            case .failure(let error): failed.append(ShardQueryFailure(node: node, reason: .init(error.code)))
            case nil: break
            }
        }
        completion(answers, failed)
    }
}

extension ShardQueryFailure.Reason {
    fileprivate init(_ code: AskError.Code) {
        switch code {
        case .timedOut, .cancelled: self = .timedOut
        case .noSuchActor, .notHosted: self = .notHosted
        case .unreachable, .mailboxFull, .failed, .notEncodable, .notDecodable, .tooLarge, .nodeRemoved, .noHome,
            .shutdown:
            self = .unreachable
        }
    }
}
