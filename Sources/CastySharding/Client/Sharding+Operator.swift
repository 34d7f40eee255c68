import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyPlacement

extension Sharding {
    /// Carries out a verb, and calls back once: with the number of shards that begin to move, or the reason why not.
    ///
    /// A verb for all types is carried out for one after the other, and ends at the first that refuses.
    package func perform(
        _ verb: OperatorVerb, completion: @escaping @Sendable (Result<Int, OperatorError>) -> Void
    ) {
        switch verb {
        case .move(let type, let shard, let node): send(.move(shard: shard, to: node), [type], completion)
        case .pin(let type, let shard, let node): send(.pin(shard: shard, to: node), [type], completion)
        case .unpin(let type, let shard): send(.unpin(shard: shard), [type], completion)
        case .rebalance(let type): send(.rebalance, [type], completion)
        case .pause(let type): send(.pause, [type], completion)
        case .resume(let type): send(.resume, [type], completion)
        case .drain(let node, let type): send(.drain(node), type.map { [$0] } ?? types, completion)
        case .undrain(let node, let type): send(.undrain(node), type.map { [$0] } ?? types, completion)
        case .down(let node):
            guard cluster.state.members.contains(where: { $0.node.address == node }) else {
                let known = cluster.state.members.map(\.node.address.description).joined(separator: ", ")
                return completion(
                    .failure(
                        OperatorError(reason: .noSuchMember, message: "no member is at \(node); members: \(known)")))
            }
            cluster.down(node)
            completion(.success(0))
        case .leave:
            cluster.leave()
            completion(.success(0))
        }
    }

    private func send(
        _ command: OperatorCommand, _ types: [String],
        _ completion: @escaping @Sendable (Result<Int, OperatorError>) -> Void
    ) {
        let known = self.types
        if let unknown = types.first(where: { !known.contains($0) }) {
            let list = known.isEmpty ? "none" : known.joined(separator: ", ")
            return completion(
                .failure(
                    OperatorError(
                        reason: .unknownType,
                        message:
                            "\(cluster.system.address) neither hosts nor uses the type \(unknown.prefix(80)); it knows \(list)"
                    )))
        }
        next(command, types[...], moves: 0, completion)
    }

    private func next(
        _ command: OperatorCommand, _ types: ArraySlice<String>, moves: Int,
        _ completion: @escaping @Sendable (Result<Int, OperatorError>) -> Void
    ) {
        guard let type = types.first else { return completion(.success(moves)) }
        self.command(command, type: type) { [self] answer in
            switch answer {
            case .accepted(let more): next(command, types.dropFirst(), moves: moves + more, completion)
            case .refused(let refusal):
                let error = ShardCommandError(refusal)
                completion(
                    .failure(OperatorError(reason: .command(error.code), message: "\(type): \(error.message)")))
            }
        }
    }
}

extension ClientError {
    /// The client's error for a verb that was not carried out.
    init(_ error: OperatorError) {
        switch error.reason {
        case .unknownType: self.init(.unknownType, error.message)
        case .command(.noCoordinator): self.init(.unavailable, error.message)
        case .command(.timedOut): self.init(.timedOut, error.message)
        case .noSuchMember, .command: self.init(.rejected, error.message)
        }
    }
}
