import CastyCore
import CastyObservability
import CastyScenario

/// Keys that show another time: of a run that can be turned back, or of what was recorded of a cluster that goes on.
extension ConsoleState {
    /// How many ticks a second has.
    static let second = 10
    /// A run shows times that are multiples of this.
    private static let grid: Int64 = 10_000_000

    /// Whether keys of time show recorded moments, since the cluster's own time cannot be turned back.
    private var showsMoments: Bool { mode.keepsMoments }

    /// A tick or a second back or forward.
    mutating func goThroughTime(_ way: Action.Scrub, bySeconds: Bool, _ live: ConsoleFeed) -> [Intent] {
        guard showsMoments else {
            // All of them pause the clock.
            intentions.setPaused(true, now: time.now)
            let ticks = bySeconds ? Self.second : 1
            return submit(way == .earlier ? .back(ticks) : .step(ticks))
        }
        switch (way, bySeconds) {
        case (.earlier, true): scrub(by: .seconds(-1), "earlier", live)
        case (.later, true): scrub(by: .seconds(1), "later", live)
        case (.earlier, false): stepMoments(-1, live)
        case (.later, false): stepMoments(1, live)
        }
        return []
    }

    /// Carries out a request for another time if recorded moments can answer it.
    ///
    /// - Returns: Whether it did.
    mutating func showsRecorded(_ control: RunControl, _ live: ConsoleFeed) -> Bool {
        guard showsMoments else { return false }
        switch control {
        case .seek(let moment): showMoment(live.moments?.index(at: .start + moment), .start + moment, "seek", live)
        case .back(let count): stepMoments(-count, live)
        case .step(let count): stepMoments(count, live)
        case .pause, .play, .speed, .undo, .redo, .saveScript, .saveMoment, .watch, .endUntil, .endWatch, .whatIf,
            .endWhatIf:
            return false
        }
        if case .past(let feed) = time.shown, dialogs.flash == nil {
            let age = Words.span(live.snapshot.time - feed.snapshot.time)
            say(.note, "this is \(Words.moment(feed.snapshot.time)), \(age) ago; live goes on")
        }
        return true
    }

    /// Shows the time that is a span later than the one that is shown.
    private mutating func scrub(by span: Duration, _ word: String, _ live: ConsoleFeed) {
        guard span < .zero || time.shown.isPast else {
            return say(
                .refused,
                "\(word): this is live; \(keys.name(of: .scrub(.earlier))) goes back through what was recorded")
        }
        let shown = visible(live).snapshot.time
        let wanted = shown + span
        if span > .zero, wanted >= live.snapshot.time { return returnToLive() }
        var index = live.moments?.index(at: wanted)
        // Where moments are further apart, the next one.
        if span > .zero, let found = index, let moments = live.moments, moments.time(at: found) <= shown {
            index = found + 1 < moments.count ? found + 1 : nil
        }
        if span > .zero, index == nil { return returnToLive() }
        showMoment(index, wanted, word, live)
    }

    /// Shows a moment some moments earlier or later.
    private mutating func stepMoments(_ count: Int, _ live: ConsoleFeed) {
        let word = count < 0 ? "back" : "step"
        guard count < 0 || time.shown.isPast else {
            return say(
                .refused,
                mode.refusal(of: .console(.pause)).map { "\(word):" + $0.dropFirst("pause:".count) } ?? word)
        }
        guard let moments = live.moments, let shown = moments.index(at: visible(live).snapshot.time) else {
            return showMoment(nil, .start, word, live)
        }
        // The newest moment is what live shows, or nearly.
        let (next, overflow) = shown.addingReportingOverflow(count)
        if overflow || next >= moments.count { return returnToLive() }
        showMoment(next >= 0 ? next : nil, .start, word, live)
    }

    /// Shows a recorded moment; says why not if there is none.
    private mutating func showMoment(_ index: Int?, _ wanted: Instant, _ word: String, _ live: ConsoleFeed) {
        guard let moments = live.moments, let first = moments.first else {
            return say(.refused, "\(word): nothing was recorded yet")
        }
        if wanted > live.snapshot.time {
            return time.shown.feed == nil ? say(.refused, "\(word): that time has not come yet") : returnToLive()
        }
        guard let index else {
            return say(.refused, "\(word): what was recorded begins at \(Words.moment(first))")
        }
        guard let past = live.past(at: index) else {
            return say(.refused, "\(word): that moment cannot be read")
        }
        selection.event = nil
        selection.message = nil
        // Its subject may be an event by a number that the past gives to another one.
        if case .event = explanation.subject { explanation.subject = nil }
        time.shown = .past(past)
    }

    mutating func returnToLive() {
        let wasPast = time.shown.isPast
        if wasPast {
            selection.event = nil
            if case .event = explanation.subject { explanation.subject = nil }
        }
        time.shown = .live
        say(.note, wasPast ? "live again" : "the view follows again")
    }

    /// Why a request that needs the cluster is refused while the past is shown; `nil` if it is not.
    func pastRefusal(of verb: PaletteVerb) -> String? {
        guard time.shown.isPast, verb.actsOnCluster else { return nil }
        return "\(verb.word): this is the past, which cannot be changed; \(keys.name(of: .live)) goes back to live"
    }

    /// Shows all panes at the time of the event under the cursor: as soon as it has happened.
    mutating func goToEvent(_ feed: ConsoleFeed, _ live: ConsoleFeed) -> [Intent] {
        let list = EventList(feed.log, self)
        guard !list.entries.isEmpty, let event = feed.log[list.entries[list.index(of: selection.event)].number] else {
            say(.refused, "seek: no events to go to")
            return []
        }
        if showsMoments {
            // An event that no moment shows yet is of this moment.
            guard let moments = live.moments, let index = moments.index(from: event.time) else {
                if time.shown.feed == nil { say(.note, "seek: that is this moment") } else { returnToLive() }
                return []
            }
            let isForgotten = moments.first.map { event.time < $0 } ?? true
            showMoment(isForgotten ? nil : index, event.time, "seek", live)
            return []
        }
        selection.event = nil
        return seek(event.time)
    }

    /// Shows the latest time that a run has reached.
    mutating func returnToNewest(_ feed: ConsoleFeed) -> [Intent] {
        selection.event = nil
        return feed.newest.map { seek($0) } ?? []
    }

    private mutating func seek(_ moment: Instant) -> [Intent] {
        intentions.setPaused(true, now: time.now)
        let grid = Self.grid
        return submit(.seek(.nanoseconds((moment.nanoseconds + grid - 1) / grid * grid)))
    }

    /// Remembers the time that is shown.
    mutating func bookmark(_ feed: ConsoleFeed) {
        let now = feed.snapshot.time
        if !time.bookmarks.contains(now) {
            time.bookmarks.append(now)
            time.bookmarks.sort()
        }
        say(.done, "bookmark at \(Words.moment(now)); \(keys.name(of: .bookmarks)) goes back to it")
    }

    /// Asks which remembered moment to show.
    mutating func openBookmarks() {
        guard let latest = time.bookmarks.last else {
            return say(.refused, "bookmarks: none yet, \(keys.name(of: .bookmark)) sets one")
        }
        let texts = time.bookmarks.map { Words.moment($0) }
        dialogs.modal = .prompt(
            PromptState(
                title: "Go to a bookmark", hint: Words.list(texts, most: 8), before: "seek ",
                field: TextField(Words.exactMoment(latest))))
    }

    /// A line in which `seek` may have a time as the screen shows it: `seek 12:41.3` is `seek 761.3s`.
    static func readingMoments(_ line: String) -> String {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0] == "seek", let seconds = Words.seconds(ofMoment: String(words[1])) else {
            return line
        }
        return "seek \(seconds)s"
    }
}
