/// Whether an expectation holds at this moment, and if not, what was seen instead.
package enum Verdict: Hashable, Sendable {
    case met
    case unmet(String)

    package var isMet: Bool { self == .met }

    /// The first that is not met, or ``met``.
    static func all(_ verdicts: some Sequence<Verdict>) -> Verdict {
        for verdict in verdicts where !verdict.isMet { return verdict }
        return .met
    }
}
