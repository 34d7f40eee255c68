/// Whether a node does its work, check by check.
struct HealthView: Encodable, Sendable {
    struct Check: Encodable, Sendable {
        let name: String
        let isPassed: Bool
        /// Why it is not passed.
        let reason: String?

        private enum CodingKeys: String, CodingKey {
            case name, isPassed = "passed", reason
        }

        /// - Parameter reason: Why it is not passed; `nil` where it is.
        init(_ name: String, _ reason: String?) {
            self.name = name
            self.reason = reason
            isPassed = reason == nil
        }
    }

    let node: String
    let checks: [Check]

    var isPassed: Bool { checks.allSatisfy(\.isPassed) }

    private enum CodingKeys: String, CodingKey {
        case node, isPassed = "passed", checks
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(node, forKey: .node)
        try container.encode(isPassed, forKey: .isPassed)
        try container.encode(checks, forKey: .checks)
    }
}
