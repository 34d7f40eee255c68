/// A component that can be frozen, thawed and killed with the live node it belongs to.
package protocol Suspendable: AnyObject, Sendable {
    /// Freezes it: whatever comes due meanwhile waits. Returns when nothing of it runs any more, except the caller.
    func freeze()

    /// Continues, first with what came due while frozen.
    func thaw()

    /// Ends it at once, as a crash would; what waits is dropped. Nothing of it runs once this has returned, except the
    /// caller.
    func kill()
}
