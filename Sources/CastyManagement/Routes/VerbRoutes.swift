import CastyCore
import CastySharding
import NIOHTTP1

extension Route {
    /// What operators can do.
    static let verbs =
        [
            shard("move", "Moves a shard to a node, once.", to: true) { .move(type: $0, shard: $1, to: $2) },
            shard("pin", "Keeps a shard on a node whenever that one hosts shards.", to: true) {
                .pin(type: $0, shard: $1, to: $2)
            },
            shard("unpin", "Lets a shard go where it is best placed.", to: false) { type, shard, _ in
                .unpin(type: type, shard: shard)
            },
            type("rebalance", "Plans and starts a round of rebalancing now.") { .rebalance(type: $0) },
            type("pause", "Stops moves for balance alone.") { .pause(type: $0) },
            type("resume", "Lets shards move for balance again.") { .resume(type: $0) },
            member("drain", "Moves all shards off a node, and gives it none.") { .drain($0, type: $1) },
            member("undrain", "Lets a drained node host shards again.") { .undrain($0, type: $1) },
        ] + [down, leave]

    private static func shard(
        _ verb: String, _ summary: String, to needsNode: Bool,
        _ make: @escaping @Sendable (String, Int, NodeAddress) -> OperatorVerb
    ) -> Route {
        let number = RouteParameter(name: "shard", form: .shard, meaning: "the number of the shard")
        let target = RouteParameter(name: "to", form: .node, meaning: "the node, as host:port")
        return Route(
            method: .POST,
            path: [.literal("shards"), .parameter(.type), .parameter(number), .literal(verb)],
            operation: verb + "Shard", summary: summary, query: needsNode ? [target] : [], answers: commandAnswers
        ) { values, node, answer in
            node.perform(make(values[text: "type"] ?? "", values[shard: "shard"], values[node: "to"]), answer)
        }
    }

    private static func type(
        _ verb: String, _ summary: String, _ make: @escaping @Sendable (String) -> OperatorVerb
    ) -> Route {
        Route(
            method: .POST, path: [.literal("shards"), .parameter(.type), .literal(verb)],
            operation: verb + "Shards", summary: summary, answers: commandAnswers
        ) { values, node, answer in node.perform(make(values[text: "type"] ?? ""), answer) }
    }

    private static func member(
        _ verb: String, _ summary: String, _ make: @escaping @Sendable (NodeAddress, String?) -> OperatorVerb
    ) -> Route {
        let type = RouteParameter(
            name: "type", form: .text, isRequired: false,
            meaning: "the name of a type of entities; by default all that this node hosts or uses")
        return Route(
            method: .POST, path: [.literal("members"), .parameter(.member), .literal(verb)],
            operation: verb + "Member", summary: summary, query: [type], answers: commandAnswers
        ) { values, node, answer in node.perform(make(values[node: "member"], values[text: "type"]), answer) }
    }

    private static let down = Route(
        method: .POST, path: [.literal("members"), .parameter(.member), .literal("down")], operation: "downMember",
        summary: "Declares a member dead. Its process can come back only as a new incarnation.",
        answers: [
            RouteAnswer(status: .accepted, meaning: "The others will hear of it.", schema: "Command"),
            .problem(.notFound, "There is no such member."),
        ]
    ) { values, node, answer in node.perform(.down(values[node: "member"]), answer) }

    private static let leave = Route(
        method: .POST, path: [.literal("leave")], operation: "leave",
        summary: "Lets this node leave the cluster gracefully; its process ends where its program waits for that.",
        answers: [RouteAnswer(status: .accepted, meaning: "It leaves.", schema: "Command")]
    ) { _, node, answer in answer(node.leave()) }

    private static let commandAnswers = [
        RouteAnswer(status: .accepted, meaning: "It is done, or has begun.", schema: "Command"),
        .problem(.notFound, "This node neither hosts nor uses the type, or there is no such shard or node."),
        .problem(.conflict, "It cannot be done now; the code says why."),
        .problem(.serviceUnavailable, "No coordinator acts at the moment."),
        .problem(.gatewayTimeout, "No coordinator has answered in time; whether it is done is not known."),
    ]
}

extension RouteParameter {
    fileprivate static let member = RouteParameter(name: "member", form: .node, meaning: "a member, as host:port")
}
