/// What the threads of a dispatcher have done so far.
package struct TurnTotals: Hashable, Sendable {
    /// The number of turns.
    package var count: UInt64
    /// The processor time of the threads that run now, with what they spent between turns.
    package var computed: Duration

    package init(count: UInt64 = 0, computed: Duration = .zero) {
        self.count = count
        self.computed = computed
    }
}
