import CastyCore
import CastyObservability
import CastyScenario

/// Keys that show another time of a simulated run.
extension ConsoleState {
    /// How many ticks a second has.
    static let second = 10
    /// A run shows times that are multiples of this.
    private static let grid: Int64 = 10_000_000

    var isSimulated: Bool { if case .simulated = mode { true } else { false } }

    /// Shows all panes at the time of the event under the cursor: as soon as it has happened.
    mutating func goToEvent(_ feed: ConsoleFeed) -> [Intent] {
        let list = EventList(feed.log, self)
        guard !list.entries.isEmpty, let event = feed.log[list.entries[list.index(of: selection.event)].number] else {
            say(.refused, "seek: no events to go to")
            return []
        }
        selection.event = nil
        intentions.setPaused(true, now: time.now)
        let grid = Self.grid
        return submit(.seek(.nanoseconds((event.time.nanoseconds + grid - 1) / grid * grid)))
    }

    /// Remembers the time that is shown.
    mutating func bookmark(_ feed: ConsoleFeed) {
        guard isSimulated else {
            return say(.refused, "bookmark: only simulated time can be turned back; start with --sim")
        }
        let now = feed.snapshot.time
        if !time.bookmarks.contains(now) {
            time.bookmarks.append(now)
            time.bookmarks.sort()
        }
        say(.done, "bookmark at \(Words.moment(now)); B goes back to it")
    }

    /// Asks which remembered moment to show.
    mutating func openBookmarks() {
        guard let latest = time.bookmarks.last else { return say(.refused, "bookmarks: none yet, b sets one") }
        let texts = time.bookmarks.map { Self.text(of: $0) }
        dialogs.modal = .prompt(
            PromptState(
                title: "Go to a bookmark", hint: Words.list(texts, most: 8), before: "seek ",
                field: TextField(Self.text(of: latest))))
    }

    /// A moment as `seek` reads it.
    private static func text(of moment: Instant) -> String {
        Duration.milliseconds(moment.nanoseconds / 1_000_000).scenarioText
    }
}
