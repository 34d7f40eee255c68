import CastyPrimitives

/// Holds a laboratory against the invariants, again and again.
package struct InvariantChecks {
    /// Whether views are compared while time passes; that makes sense only where all of them are of one instant.
    private let everyTime: Bool
    private var next = Instant.start
    private var reported = 0

    package init(everyTime: Bool) { self.everyTime = everyTime }

    /// Looks at the laboratory, if it is time to.
    package mutating func look(_ laboratory: Laboratory) -> [Violation] {
        guard laboratory.now >= next else { return [] }
        next = laboratory.now + .milliseconds(100)
        return tracked(laboratory)
    }

    /// Looks at the laboratory when all is done.
    package mutating func finish(_ laboratory: Laboratory) -> [Violation] { tracked(laboratory) }

    private mutating func tracked(_ laboratory: Laboratory) -> [Violation] {
        let all = laboratory.tracker.violations
        defer { reported = all.count }
        return all.dropFirst(reported).map { Violation(id: String($0.prefix(2)), text: $0) }
    }
}
