package import CastyCore
package import CastyObservability

/// A bounded list of moments: what a console can show of a past that nothing can compute again.
///
/// A live console keeps the last minutes in it, and a recording is one. It takes a moment once a second, and soon after
/// an event, so that the moment of an event can be shown.
package struct MomentList: Sendable {
    /// How much is kept.
    package struct Limits: Hashable, Sendable {
        /// How far it goes back.
        package var span: Duration
        /// The size of all moments, in bytes.
        package var bytes: Int

        package init(span: Duration, bytes: Int) {
            self.span = span
            self.bytes = bytes
        }

        /// The last ten minutes of a console.
        package static let console = Limits(span: .seconds(600), bytes: 32 << 20)
        /// The last hours of a recording.
        package static let recording = Limits(span: .seconds(24 * 3600), bytes: 512 << 20)
    }

    /// The longest time between two moments while snapshots come.
    private static let pause = Duration.seconds(1)
    /// The shortest time between two moments.
    private static let least = Duration.milliseconds(100)

    let limits: Limits
    private(set) var moments: [Moment] = []
    /// The size of all moments, in bytes.
    package private(set) var bytes = 0
    /// The curves over the whole time.
    private(set) var phi: PhiHistory
    /// Whether an event has happened that no moment shows yet.
    private var owesMoment = false
    /// Whether earlier moments were forgotten.
    package private(set) var isCut = false

    package init(_ limits: Limits = .console) {
        self.limits = limits
        phi = PhiHistory(kept: PhiHistory.kept + Int(limits.span.nanoseconds / PhiHistory.step))
    }

    package var isEmpty: Bool { moments.isEmpty }
    package var count: Int { moments.count }
    package var first: Instant? { moments.first?.time }
    package var last: Instant? { moments.last?.time }

    /// Takes in the next snapshot; the caller does that at least once for each value of a curve.
    ///
    /// - Returns: Whether it became a moment.
    @discardableResult
    package mutating func take(_ snapshot: ClusterSnapshot, hasEvents: Bool) -> Bool {
        phi.sample(snapshot)
        owesMoment = owesMoment || hasEvents
        if let last, snapshot.time - last < (owesMoment ? Self.least : Self.pause) { return false }
        // What cannot be encoded is not kept; nothing else depends on it.
        guard let moment = try? Moment(snapshot, after: moments.last) else { return false }
        append(moment)
        return true
    }

    mutating func append(_ moment: Moment) {
        owesMoment = false
        moments.append(moment)
        bytes += moment.ownBytes
        var surplus = 0
        while surplus + 1 < moments.count,
            bytes > limits.bytes || moment.time - moments[surplus].time > limits.span
        {
            bytes -= moments[surplus].ownBytes
            bytes += moments[surplus + 1].inherit()
            surplus += 1
        }
        if surplus > 0 {
            moments.removeFirst(surplus)
            isCut = true
        }
    }

    /// Takes in recorded values of curves.
    mutating func append(_ curves: PhiHistory.Piece) { phi.append(curves) }

    /// The latest moment that is not later than a time; `nil` if there is none.
    package func index(at time: Instant) -> Int? {
        let after = partition { $0 > time }
        return after > 0 ? after - 1 : nil
    }

    /// The earliest moment that is not earlier than a time; `nil` if there is none.
    package func index(from time: Instant) -> Int? {
        let from = partition { $0 >= time }
        return from < moments.count ? from : nil
    }

    /// The first index at which a condition holds that, once it holds, holds for all later ones.
    private func partition(_ condition: (Instant) -> Bool) -> Int {
        var (low, high) = (0, moments.count)
        while low < high {
            let middle = (low + high) / 2
            if condition(moments[middle].time) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    package func time(at index: Int) -> Instant { moments[index].time }

    /// The snapshot of a moment; `nil` if its bytes cannot be read.
    package func snapshot(at index: Int) -> ClusterSnapshot? {
        guard let snapshot = try? moments[index].snapshot(), snapshot.nodes.allSatisfy(\.isPlausible) else {
            return nil
        }
        return snapshot
    }

    /// What the console draws of the time before a moment, or before a later time up to the next one.
    package func past(at index: Int, until later: Instant? = nil) -> RecentPast {
        let time = moments[index].time
        var rates = RateMeter()
        let earlier = self.index(at: time - .seconds(1))
        for sampled in [earlier, index].compactMap(\.self) {
            if let snapshot = snapshot(at: sampled) { rates.sample(snapshot) }
        }
        return RecentPast(phi: phi.upTo(later ?? time), rates: rates)
    }

    /// The peers whose curves were still shown at a moment, though they were gone.
    func departed(at index: Int) -> DepartedPeers {
        var departed = DepartedPeers()
        guard index > 0 else { return departed }
        let from = max(1, self.index(from: moments[index].time - DepartedPeers.kept) ?? 1)
        for later in stride(from: from, through: index, by: 1) where changesMembers(later) {
            guard let before = snapshot(at: later - 1), let after = snapshot(at: later) else { continue }
            departed.take(before: before, after: after)
        }
        if let now = snapshot(at: index) { departed.take(before: now, after: now) }
        return departed
    }

    /// Whether the members differ from those of the moment before in any view.
    private func changesMembers(_ index: Int) -> Bool {
        let moment = moments[index]
        return moment.names != moments[index - 1].names
            || moment.names.indices.contains { !moment.isShared[Moment.index(.membership, of: $0)] }
    }
}
