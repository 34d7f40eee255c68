import CastyCore

/// A row of a comparison: a fact of both futures, in words.
struct HypothesisRow: Hashable {
    let title: String
    let values: [String]

    var differs: Bool { Set(values).count > 1 }

    /// The facts of two futures that are over, without those that neither has.
    static func rows(_ outcomes: [FutureOutcome], from begin: Instant) -> [HypothesisRow] {
        let isRepeated = outcomes.contains { $0.past != nil }
        let facts: [(String, (FutureOutcome) -> String)] = [
            ("before that", { isRepeated ? past($0) : none }),
            ("up", { names($0.up) }), ("unreachable", { names($0.unreachable) }), ("gone", { names($0.gone) }),
            ("down", { moments($0.downed) }), ("removed", { moments($0.removed) }),
            ("leader", { names($0.leaders) }), ("coordinator", { names($0.coordinators) }),
            ("messages lost", losses), ("entities", entities), ("shards serve", service),
            ("shards moved", { $0.moved == 0 ? none : "\($0.moved)" }),
            (
                "converged",
                { $0.convergedSince.map { $0 <= begin ? "all the time" : "since \(Words.moment($0))" } ?? "no" }
            ),
            ("invariants", { $0.violations == 0 ? none : "\($0.violations) violated" }),
        ]
        return facts.compactMap { title, text in
            let values = outcomes.map(text)
            return values.allSatisfy { $0 == none } ? nil : HypothesisRow(title: title, values: values)
        }
    }

    private static let none = "-"

    private static func names(_ names: [String]) -> String { names.isEmpty ? none : names.joined(separator: " ") }

    private static func moments(_ moments: [FutureOutcome.Moment]) -> String {
        names(moments.map { "\($0.node) \(Words.moment($0.time))" })
    }

    private static func past(_ outcome: FutureOutcome) -> String {
        switch outcome.past {
        case nil: "as it was"
        case .same: "repeated, the same"
        case .differs(let since): "repeated, other from \(Words.moment(since)) on"
        }
    }

    private static func losses(_ outcome: FutureOutcome) -> String {
        guard outcome.lost > 0 else { return "0" }
        return "\(outcome.lost): " + outcome.losses.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
    }

    private static func entities(_ outcome: FutureOutcome) -> String {
        outcome.entitiesBefore == outcome.entitiesAfter
            ? "\(outcome.entitiesAfter)" : "\(outcome.entitiesBefore) → \(outcome.entitiesAfter)"
    }

    private static func service(_ outcome: FutureOutcome) -> String {
        switch outcome.service {
        case .uninterrupted: "all the time"
        case .interrupted(let begin, let end):
            "again from \(Words.moment(end)), not for \(Words.span(end - begin))"
        case .ended(let since, let seen): "not since \(Words.moment(since)): \(seen)"
        }
    }
}
