/// The shapes of the answers.
enum OpenAPISchemas {
    static let all: [String: JSONValue] = [
        "Problem": object(
            ["title": text, "status": number, "detail": text, "code": text], required: ["title", "status", "detail"]),
        "Command": object(["accepted": text, "moves": number], required: ["accepted"]),
        "Health": object(
            [
                "node": text, "passed": flag,
                "checks": list(object(["name": text, "passed": flag, "reason": text], required: ["name", "passed"])),
            ], required: ["node", "passed", "checks"]),
        "Members": object(
            [
                "node": text, "leader": text, "oldest": text, "converged": flag, "waitingFor": list(text),
                "members": list(
                    object(
                        [
                            "node": text, "incarnation": text, "status": text, "unreachable": flag, "roles": list(text),
                            "upNumber": number, "phi": ["type": "number"], "protocolVersion": number,
                        ], required: ["node", "incarnation", "status", "unreachable", "roles"])),
            ], required: ["node", "converged", "waitingFor", "members"]),
        "Shards": shards,
        "ShardTypes": object(
            ["node": text, "types": list(["$ref": "#/components/schemas/Shards"])], required: ["node", "types"]),
        "Losses": object(
            [
                "node": text,
                "losses": list(
                    object(
                        ["reason": text, "class": text, "count": number, "latestTarget": text, "latestType": text],
                        required: ["reason", "class", "count", "latestTarget", "latestType"])),
            ], required: ["node", "losses"]),
    ]

    private static let text: JSONValue = ["type": "string"]
    private static let number: JSONValue = ["type": "integer"]
    private static let flag: JSONValue = ["type": "boolean"]

    private static let shards = object(
        [
            "type": text, "shardCount": number, "coordinator": text, "epoch": number, "registered": flag,
            "rebalancingPaused": flag, "buffered": number, "unavailable": text, "drained": list(text),
            "pinned": list(number),
            "homes": list(
                object(["shard": number, "node": text, "moving": flag], required: ["shard", "node", "moving"])),
            "hosted": list(
                object(
                    ["shard": number, "state": text, "entities": number, "handled": number],
                    required: ["shard", "state", "entities", "handled"])),
            "unplaced": list(object(["shard": number, "reason": text], required: ["shard", "reason"])),
        ],
        required: [
            "type", "shardCount", "epoch", "registered", "rebalancingPaused", "buffered", "drained", "pinned", "homes",
            "hosted", "unplaced",
        ])

    private static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    private static func object(_ properties: [String: JSONValue], required: [String]) -> JSONValue {
        [
            "type": "object", "properties": .object(properties), "required": .array(required.map { .string($0) }),
            "additionalProperties": false,
        ]
    }
}
