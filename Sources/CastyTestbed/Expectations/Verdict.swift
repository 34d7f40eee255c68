/// Whether an expectation holds at this moment; if not, what was observed.
package enum Verdict: Hashable, Sendable {
    case met
    case unmet(String)

    package var isMet: Bool { self == .met }

    /// The first verdict that is not met, or ``met``.
    static func all(_ verdicts: some Sequence<Verdict>) -> Verdict {
        for verdict in verdicts where !verdict.isMet { return verdict }
        return .met
    }
}
