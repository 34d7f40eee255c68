import CastyCore
import CastyTestbed

/// The part of K2 that takes time: in a quiet cluster, a reminder that is due has come.
///
/// Evaluated when the effects of the last fault must be over, and the time has passed in which nodes look for what is
/// due. Entities that no node may host are left out.
struct LateReminders {
    /// Twice the interval at which nodes read what is due, and some time for the calls of a store.
    private static let grace = Duration.seconds(25)

    private(set) var hasEvaluated = false

    mutating func check(_ testbed: TestCluster) -> [Violation] {
        guard let calm = testbed.calmSince, !testbed.running.isEmpty else { return [] }
        let since = max(calm, testbed.disturbances.changedAt) + testbed.settings.aftermath(nodes: testbed.numbers.count)
        guard testbed.now >= since + Self.grace else { return [] }
        if testbed.reminders.counted > 0 { hasEvaluated = true }
        guard let late = testbed.reminders.overdue(before: testbed.now - Self.grace),
            !testbed.entitiesWithoutNodes.contains(late.entity)
        else { return [] }
        return [
            Violation(
                id: "K2", entity: late.entity,
                text: "its reminder \(late.number) was due at \(late.due), and has not come")
        ]
    }
}
