import CastyObservability
import CastyScenario

/// Requests by keys that no snapshot shows yet.
///
/// Keys come faster than snapshots: without this, the second of two quick presses would be computed from the state
/// before the first.
struct Intentions: Hashable, Sendable {
    /// How long an intention is assumed without a confirmation, in seconds of the user's clock.
    static let patience = 3.0

    private struct Intention<Value: Hashable & Sendable>: Hashable, Sendable {
        var wanted: Value
        var until: Double
    }

    /// The numbers of requested nodes, and until when each request is assumed to succeed.
    private var starts: [Int: Double] = [:]
    private var speed: Intention<Thousandths>?
    private var paused: Intention<Bool>?

    init() {}

    /// Drops intentions that have taken effect or expired.
    mutating func settle(_ snapshot: ClusterSnapshot, now: Double) {
        guard self != Intentions() else { return }
        let known = Set(snapshot.nodes.map { ClusterReading.number(in: $0.name) })
        starts = starts.filter { !known.contains($0.key) && $0.value > now }
        if let intended = speed, intended.wanted == ConsoleState.factor(snapshot.speed) || intended.until <= now {
            speed = nil
        }
        if let intended = paused, intended.wanted == snapshot.paused || intended.until <= now { paused = nil }
    }

    /// Reserves the name of the next node: after all known nodes and all requested ones; `nil` if there is none left.
    mutating func start(after highest: NodeName?, now: Double) -> NodeName? {
        let number = max(highest?.number ?? 0, starts.keys.max() ?? 0) + 1
        guard NodeName.numbers.contains(number) else { return nil }
        starts[number] = now + Self.patience
        return NodeName(number)
    }

    func speed(_ snapshot: ClusterSnapshot) -> Thousandths {
        speed?.wanted ?? ConsoleState.factor(snapshot.speed)
    }

    mutating func setSpeed(_ wanted: Thousandths, now: Double) {
        speed = Intention(wanted: wanted, until: now + Self.patience)
    }

    func isPaused(_ snapshot: ClusterSnapshot) -> Bool { paused?.wanted ?? snapshot.paused }
    mutating func setPaused(_ wanted: Bool, now: Double) {
        paused = Intention(wanted: wanted, until: now + Self.patience)
    }
}
