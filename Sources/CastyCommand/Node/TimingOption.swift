import ArgumentParser
import CastyCluster
import CastyCore
import CastyScenario

/// The value of `--timing`: one time or number of the membership, as `heartbeat=500ms`.
struct TimingOption: ExpressibleByArgument, Sendable {
    private let change: @Sendable (inout ClusterTimings) -> Void

    /// Changes the timings.
    func apply(to timings: inout ClusterTimings) { change(&timings) }

    private typealias Path<Value> = WritableKeyPath<ClusterTimings, Value> & Sendable

    private enum Field {
        case time(any Path<Duration>)
        /// `auto` is by the size of the cluster.
        case timeOrAuto(any Path<Duration?>)
        case whole(any Path<Int>)
        case decimal(any Path<Double>)
    }

    private static let fields: [(name: String, field: Field)] = [
        ("heartbeat", .time(\.heartbeat)), ("threshold", .decimal(\.threshold)), ("suspicion", .decimal(\.suspicion)),
        ("samples", .whole(\.samples)), ("minimum-deviation", .time(\.minimumDeviation)),
        ("acceptable-pause", .time(\.acceptablePause)), ("monitors", .whole(\.monitors)),
        ("witnesses", .whole(\.witnesses)), ("late-tolerance", .time(\.lateTolerance)), ("gossip", .time(\.gossip)),
        ("leader-actions", .time(\.leaderActions)), ("tombstones", .time(\.tombstones)),
        ("join-retry", .time(\.joinRetry)), ("seed-probe", .time(\.seedProbe)),
        ("weakly-up-after", .time(\.weaklyUpAfter)), ("exit-timeout", .time(\.exitTimeout)),
        ("stable-after", .timeOrAuto(\.stableAfter)), ("unstable-limit", .time(\.unstableLimit)),
        ("removal-margin", .timeOrAuto(\.removalMargin)), ("lease", .time(\.lease)),
        ("lease-delay", .time(\.leaseDelay)), ("lease-timeout", .time(\.leaseTimeout)),
        ("lease-hold", .time(\.leaseHold)),
    ]

    /// The names of all times and numbers.
    static var names: String { fields.map(\.name).joined(separator: ", ") }

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="),
            let field = Self.fields.first(where: { $0.name == argument[..<equals] })?.field
        else { return nil }
        let text = String(argument[argument.index(after: equals)...])
        switch field {
        case .time(let path):
            guard let value = Duration(scenarioText: text) else { return nil }
            change = { $0[keyPath: path] = value }
        case .timeOrAuto(let path):
            let value = Duration(scenarioText: text)
            guard value != nil || text == "auto" else { return nil }
            change = { $0[keyPath: path] = value }
        case .whole(let path):
            guard let value = Int(text) else { return nil }
            change = { $0[keyPath: path] = value }
        case .decimal(let path):
            guard let value = Double(text), value.isFinite else { return nil }
            change = { $0[keyPath: path] = value }
        }
    }
}
