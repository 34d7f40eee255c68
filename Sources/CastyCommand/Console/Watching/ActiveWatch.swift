import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed

/// A watch over a run, and how far it has looked. A value without a testbed: what it looks at is passed in.
///
/// It finds something when its condition begins to hold or to fail, not at each look while it does so. On its course of
/// the run it looks at every time once: after the run was turned back it finds nothing until it comes to a new time.
struct ActiveWatch: Hashable, Sendable, Codable {
    /// What there is to see at a time.
    enum Sight: Hashable {
        /// The expectation's verdict.
        case verdict(Verdict)
        /// The first event of the kind since the latest look.
        case event(RuntimeEvent?)
    }

    enum Finding: Hashable {
        /// `always` or `never` does not hold any more.
        case broken(WatchStatus.Break)
        /// What `until` waits for is there.
        case reached(at: Instant, seen: String?)
        /// It is not there in time.
        case expired(seen: String)
    }

    let number: Int
    let watch: Watch
    private(set) var since: Instant
    /// How long `until` waits.
    let deadline: Instant
    /// The number of events when it began; `no EVENT` counts from here.
    private(set) var mark: Int
    /// The time of the latest look.
    private(set) var seenTo: Instant
    /// The number of events at the latest look.
    private(set) var events: Int
    /// Whether the condition held at the latest look; `nil` before the first one of this course.
    private var held: Bool?
    private(set) var broken: WatchStatus.Break?

    init(_ watch: Watch, number: Int, at now: Instant, events: Int, deadline: Instant) {
        self.watch = watch
        self.number = number
        self.deadline = deadline
        (since, seenTo) = (now, now)
        (mark, self.events) = (events, events)
    }

    var status: WatchStatus {
        WatchStatus(
            number: number, line: watch.description, since: since, isAwaited: watch.rule == .until, broken: broken)
    }

    /// Whether there is something new to see.
    func isDue(at now: Instant) -> Bool { now >= seenTo }

    /// - Parameters:
    ///   - count: The number of events.
    ///   - last: The latest event.
    mutating func onLook(_ sight: Sight, at now: Instant, events count: Int, last: EventID?) -> Finding? {
        (seenTo, events) = (now, count)
        switch sight {
        case .event(nil): return expiry(at: now, "no such event")
        case .event(let event?):
            let about = event.subject.map { " \($0)" } ?? ""
            let seen = "\(event.kind.rawValue)\(about) on \(event.node)"
            if watch.rule == .until { return .reached(at: event.time, seen: seen) }
            return found(WatchStatus.Break(time: event.time, seen: seen, event: event.id))
        case .verdict(let verdict):
            let before = held
            held = verdict.isMet
            let seen = verdict.seen
            switch watch.rule {
            case .until: return verdict.isMet ? .reached(at: now, seen: nil) : expiry(at: now, seen ?? "")
            case .always:
                guard before == true, let seen else { return nil }
                return found(WatchStatus.Break(time: now, seen: seen, event: last))
            case .never:
                guard before == false, verdict.isMet else { return nil }
                return found(WatchStatus.Break(time: now, seen: "it holds", event: last))
            }
        }
    }

    private mutating func found(_ found: WatchStatus.Break) -> Finding {
        broken = found
        return .broken(found)
    }

    private func expiry(at now: Instant, _ seen: String) -> Finding? {
        watch.rule == .until && now >= deadline ? .expired(seen: seen) : nil
    }

    /// The run takes another course from now on.
    mutating func onBranch(at now: Instant, events count: Int) {
        guard seenTo > now else { return }
        (since, mark) = (min(since, now), min(mark, count))
        (seenTo, events, held) = (now, count, nil)
        if let time = broken?.time, time > now { broken = nil }
    }
}

extension Verdict {
    /// What was observed instead; `nil` if it is met.
    var seen: String? {
        switch self {
        case .met: nil
        case .unmet(let seen): seen
        }
    }
}

extension TestCluster {
    /// What a watch sees now.
    func sight(of active: ActiveWatch) -> ActiveWatch.Sight {
        switch active.watch.condition {
        case .holds(let expect): return .verdict(evaluate(expect, since: active.mark))
        case .event(let kind, let node):
            guard recorder.count > active.events else { return .event(nil) }
            return .event(
                recorder.events(from: active.events).first { event in
                    event.kind == kind && (node.map { (event.subject ?? event.node) == $0.description } ?? true)
                })
        }
    }
}
