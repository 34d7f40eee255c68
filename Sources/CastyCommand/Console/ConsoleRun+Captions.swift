import CastyConsole
import CastyTestbed

/// The notes of the script as captions. In a tour, time stops at each of them until the user goes on.
///
/// What the script does is the same, at the same virtual times, as without a stop.
extension ConsoleRun {
    /// Shows a note of the script.
    ///
    /// - Parameter waits: Whether a user is there to go on; while time is turned back, no user is.
    func show(_ note: String, waits: Bool) {
        let stops = waits && plan.pausesAtNotes
        caption = Caption(title: plan.title, text: note, waits: stops)
        guard stops else { return }
        player.isHeld = true
        paused = true
    }

    /// Lets the script go on after its note.
    func release() {
        player.isHeld = false
        caption?.waits = false
    }

    /// Shows the last words, once the script has ended.
    func showClosing() {
        guard let closing = plan.closing, player.isScriptDone, !player.isHeld, caption?.text != closing else { return }
        caption = Caption(title: plan.title, text: closing, waits: false)
    }
}
