import CastyCore
import CastyObservability

/// Through which node an observer sees the cluster, and what it says when that changes.
///
/// It asks all nodes that it knows. The contact is the one whose view is shown first: it changes only when it does not
/// answer and another one does, so that a node that comes and goes does not turn the screen over.
struct ObserverContact {
    /// What is known of the connection to an address.
    struct Candidate {
        var address: NodeAddress
        var name: String
        /// When it answered last.
        var heard: Instant?
        /// When the open request was sent; `nil` if none is open.
        var asked: Instant?
        /// When the first request was sent.
        var firstAsked: Instant?
    }

    /// A node that has sent nothing for this long does not answer.
    static let patience = Duration.seconds(3)

    /// The addresses that the user named, which are tried first.
    let given: [NodeAddress]
    private(set) var current: NodeAddress?
    /// When a node answered last, while none does.
    private(set) var lostSince: Instant?

    init(given: [NodeAddress]) {
        self.given = given
    }

    static func answers(_ heard: Instant?, at now: Instant) -> Bool { heard.map { now - $0 < patience } ?? false }

    /// Looks at all connections.
    ///
    /// - Returns: What has changed, in words.
    mutating func look(_ candidates: [Candidate], at now: Instant, _ clock: WallClock) -> [String] {
        let former = candidates.first { $0.address == current }
        let next =
            former.flatMap { Self.answers($0.heard, at: now) ? $0 : nil }
            ?? inOrder(candidates).first { Self.answers($0.heard, at: now) }
        guard let next else {
            guard former != nil, lostSince == nil else { return [] }
            lostSince = candidates.compactMap(\.heard).max()
            return []
        }
        let lost = lostSince
        lostSince = nil
        current = next.address
        if lost != nil { return ["connected again, now through \(next.name)"] }
        guard let former, former.address != next.address else { return [] }
        let since = former.heard.map { " since \(clock.timeOfDay($0))" } ?? ""
        return ["\(former.name) is not answering\(since); now through \(next.name)"]
    }

    /// The next attempt to reach a node while none answers.
    func retry(_ candidates: [Candidate], at now: Instant, every pause: Duration) -> ObserverSnapshot.Retry? {
        guard let lostSince else { return nil }
        let due = candidates.compactMap { $0.asked.map { $0 + pause } }.min()
        return ObserverSnapshot.Retry(
            since: lostSince, at: max(now, due ?? now), order: inOrder(candidates).map(\.name))
    }

    /// The contact first, then the addresses that the user named, then the others.
    private func inOrder(_ candidates: [Candidate]) -> [Candidate] {
        func rank(_ address: NodeAddress) -> Int {
            address == current ? -1 : given.firstIndex(of: address) ?? given.count
        }
        return candidates.sorted { (rank($0.address), $0.address) < (rank($1.address), $1.address) }
    }
}
