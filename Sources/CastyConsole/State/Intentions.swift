import CastyObservability

/// What keys have asked for and no snapshot shows yet.
///
/// Keys come faster than snapshots: without this, the second of two quick presses would be computed from what was before the first.
struct Intentions: Hashable, Sendable {
    /// How long an intention is believed in without a sign of it, in seconds of the person's clock.
    static let patience = 3.0

    private struct Intention<Value: Hashable & Sendable>: Hashable, Sendable {
        var wanted: Value
        var until: Double
    }

    /// The numbers of nodes that were asked for, and until when each is believed in.
    private var starts: [Int: Double] = [:]
    private var speed: Intention<Double>?
    private var paused: Intention<Bool>?

    init() {}

    /// Forgets what has come true and what never did.
    mutating func settle(_ snapshot: ClusterSnapshot, now: Double) {
        guard self != Intentions() else { return }
        let known = Set(snapshot.nodes.map { ClusterReading.number(in: $0.name) })
        starts = starts.filter { !known.contains($0.key) && $0.value > now }
        if let intended = speed, intended.wanted == snapshot.speed || intended.until <= now { speed = nil }
        if let intended = paused, intended.wanted == snapshot.paused || intended.until <= now { paused = nil }
    }

    /// The number of the next node, after those that run and those that were asked for; it is asked for from now on.
    mutating func start(after highest: Int, now: Double) -> Int {
        let number = max(highest, starts.keys.max() ?? 0) + 1
        starts[number] = now + Self.patience
        return number
    }

    func speed(_ snapshot: ClusterSnapshot) -> Double { speed?.wanted ?? snapshot.speed }
    mutating func setSpeed(_ wanted: Double, now: Double) {
        speed = Intention(wanted: wanted, until: now + Self.patience)
    }

    func isPaused(_ snapshot: ClusterSnapshot) -> Bool { paused?.wanted ?? snapshot.paused }
    mutating func setPaused(_ wanted: Bool, now: Double) {
        paused = Intention(wanted: wanted, until: now + Self.patience)
    }
}
