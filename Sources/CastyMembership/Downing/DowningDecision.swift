package import CastyCore

/// The result of a downing strategy for a view: which members stay, which go, and why.
package struct DowningDecision: Hashable, Sendable {
    /// The kind of the decision, seen from the node that decides.
    package enum Kind: Hashable, Sendable {
        /// No member goes.
        case keepAll
        /// The deciding node's side stays, the unreachable members go.
        case downUnreachable
        /// The deciding node's side goes.
        case downReachable
        /// All members go.
        case downAll
        /// The deciding node's side stays, except for members that cannot reach each other; the unreachable ones go
        /// too.
        case downIndirectlyConnected
        /// The lease decides: the deciding node's side stays if it gets the lease, and goes otherwise. `isLate` is set
        /// where the other side asks first.
        case claimLease(isLate: Bool)
    }

    package let kind: Kind
    /// The members that must go, sorted; of a claim, those that must go if it is granted.
    package let down: [UniqueAddress]
    /// The rule, with its numbers.
    package let reason: DowningReason

    package init(kind: Kind, down: [UniqueAddress], reason: DowningReason) {
        self.kind = kind
        self.down = down
        self.reason = reason
    }
}
