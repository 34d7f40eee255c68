import CastyCore
import CastyObservability
import NIOHTTP1

extension Route {
    /// What can be read.
    static let views = [
        Route(
            method: .GET, path: [.literal("live")], operation: "live",
            summary: "Whether the process does its work; a supervisor restarts it where it does not.",
            answers: [
                RouteAnswer(status: .ok, meaning: "The node runs.", schema: "Health"),
                RouteAnswer(status: .serviceUnavailable, meaning: "It has ended, or hangs.", schema: "Health"),
            ]
        ) { _, node, answer in node.live { answer(health($0)) } },
        Route(
            method: .GET, path: [.literal("ready")], operation: "ready",
            summary: "Whether the node may be sent requests: it is up, has its lease, and reaches its store.",
            answers: [
                RouteAnswer(status: .ok, meaning: "It may.", schema: "Health"),
                RouteAnswer(status: .serviceUnavailable, meaning: "It may not.", schema: "Health"),
            ]
        ) { _, node, answer in node.ready { answer(health($0)) } },
        Route(
            method: .GET, path: [.literal("members")], operation: "members",
            summary: "The members as this node sees them.",
            answers: [RouteAnswer(status: .ok, meaning: "The members.", schema: "Members")]
        ) { _, node, answer in answer(.json(MembersView(node.snapshot))) },
        Route(
            method: .GET, path: [.literal("shards")], operation: "shards",
            summary: "Where the shards of all types live, as this node sees it.",
            answers: [
                RouteAnswer(status: .ok, meaning: "The types that this node hosts or uses.", schema: "ShardTypes")
            ]
        ) { _, node, answer in
            let snapshot = node.snapshot
            answer(
                .json(
                    ShardTypesView(node: snapshot.node.description, types: snapshot.sharding.map { ShardsView($0) })))
        },
        Route(
            method: .GET, path: [.literal("shards"), .parameter(.type)], operation: "shardsOfType",
            summary: "Where the shards of a type live, as this node sees it.",
            answers: [RouteAnswer(status: .ok, meaning: "The type.", schema: "Shards"), .noType]
        ) { values, node, answer in
            let type = values[text: "type"]
            guard let view = node.snapshot.sharding.first(where: { $0.type == type }) else {
                return answer(node.noType(type))
            }
            answer(.json(ShardsView(view)))
        },
        Route(
            method: .GET, path: [.literal("losses")], operation: "losses",
            summary: "The messages that were lost on this node, by reason.",
            answers: [RouteAnswer(status: .ok, meaning: "The loss ledger.", schema: "Losses")]
        ) { _, node, answer in answer(.json(LossesView(node.snapshot))) },
        Route(
            method: .GET, path: [.literal("metrics")], operation: "metrics",
            summary: "The metrics of the node and its process, in the text format of Prometheus.",
            answers: [RouteAnswer(status: .ok, meaning: "The metrics.", isText: true)]
        ) { _, node, answer in
            answer(
                ManagementResponse(
                    status: .ok, type: "text/plain; version=0.0.4; charset=utf-8",
                    body: node.metrics.text() + ProcessMetrics.text()))
        },
    ]

    private static func health(_ view: HealthView) -> ManagementResponse {
        .json(view, status: view.isPassed ? .ok : .serviceUnavailable)
    }
}

extension RouteParameter {
    static let type = RouteParameter(name: "type", form: .text, meaning: "the name of a type of entities")
}

extension RouteAnswer {
    static let noType = RouteAnswer.problem(.notFound, "This node neither hosts nor uses the type.")
}
