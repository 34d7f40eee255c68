/// What can be frozen, thawed and killed with the live node it belongs to.
package protocol Suspendable: AnyObject, Sendable {
    /// Hangs: what is due meanwhile waits. Returns when nothing of it runs any more, except what calls this.
    func freeze()

    /// Goes on, first with what was due while frozen.
    func thaw()

    /// Ends at once, as by a crash; what waits is forgotten. Nothing of it runs once this has returned, except what calls this.
    func kill()
}
