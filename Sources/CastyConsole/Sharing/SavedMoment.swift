import CastyCore
import CastyObservability
import CastyScenario

/// What the screen contributes to a saved moment: files with their contents. The run adds its scenario.
package struct SavedMoment: Hashable, Sendable {
    /// The names of the files.
    package enum File: String, CaseIterable, Hashable, Sendable {
        /// The session up to the moment; written by the run.
        case scenario = "session.casty"
        case drawing = "screen.svg"
        case story = "story.txt"
        case film = "session.cast"
    }

    /// A name for a new folder, which tells the run and the time.
    package var name: String
    /// A title of the picture.
    package var title: String
    package var drawing: String
    package var story: String
    /// A film of this one picture, for when there is no longer one.
    package var film: String
}

/// Says that a moment has no scenario.
package struct SavedWithoutScenario: Error, Hashable {
    package var text: String
}

extension ConsoleState {
    /// The moment that the screen shows.
    func moment(_ feed: ConsoleFeed) -> SavedMoment {
        // The line that asked for it is not part of the picture.
        var shown = self
        shown.dialogs = Dialogs()
        let picture = Renderer.picture(feed, shown)
        let title = title(of: visible(feed))
        var film = Cast(start: 0)
        let frame = film.add(picture, at: 0) ?? ""
        return SavedMoment(
            name: folderName(visible(feed)), title: title, drawing: picture.svg(title: title),
            story: StoryText.text(of: visible(feed), title: title),
            film: Cast.header(width: picture.width, height: picture.height, title: title) + frame)
    }

    /// What is left to do once the screen's files are written: the run adds its scenario, and says where everything is;
    /// an observer has none.
    package func saved(in folder: String) -> Result<ConsoleRequest, SavedWithoutScenario> {
        guard !mode.changesCluster else { return .success(.control(.saveMoment(folder))) }
        let files = SavedMoment.File.allCases.filter { $0 != .scenario }.map(\.rawValue).joined(separator: " ")
        return .failure(
            SavedWithoutScenario(text: "saved in \(folder): \(files); no scenario: an observer gave no commands"))
    }

    /// The cluster, its runtime and the time.
    package func title(of feed: ConsoleFeed) -> String {
        let runtime =
            switch mode {
            case .live: "live"
            case .simulated(let seed): "simulated, seed \(seed)"
            case .attached, .operating: "attached"
            case .recording: "recording"
            }
        return "\(feed.title), \(runtime), t=\(Words.moment(feed.snapshot.time))"
    }

    private func folderName(_ feed: ConsoleFeed) -> String {
        let runtime =
            switch mode {
            case .live: "live"
            case .simulated(let seed): "seed\(seed)"
            case .attached, .operating: "attached"
            case .recording: "recording"
            }
        return "casty-\(runtime)-\(Words.moment(feed.snapshot.time).split(separator: ":").joined(separator: "."))s"
    }
}
