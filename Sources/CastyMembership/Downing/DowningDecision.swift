package import CastyCore

/// What a downing strategy says about a view: who stays, who goes, and why.
package struct DowningDecision: Hashable, Sendable {
    /// The shape of the decision, seen from the node that decides.
    package enum Kind: Hashable, Sendable {
        /// Nobody goes.
        case keepAll
        /// The deciding node's side stays, the unreachable members go.
        case downUnreachable
        /// The deciding node's side goes.
        case downReachable
        /// Everyone goes.
        case downAll
        /// The deciding node's side stays but for members that cannot reach each other; the unreachable ones go too.
        case downIndirectlyConnected
        /// The lease decides: the deciding node's side stays if it gets it, and goes otherwise. `isLate` where others are to ask first.
        case claimLease(isLate: Bool)
    }

    package let kind: Kind
    /// Who must go, sorted; of a claim, who must go if it is granted.
    package let down: [UniqueAddress]
    /// The rule in words, with its numbers: "keep-majority: 3 of 5 votes stay".
    package let reason: String

    package init(kind: Kind, down: [UniqueAddress], reason: String) {
        self.kind = kind
        self.down = down
        self.reason = reason
    }
}
