import Foundation
import Testing

@testable import Datasets

@Suite struct EpisodeTests {
    static let images = Glyphs(seed: 0, side: 8).images(classes: 12, imagesPerClass: 20)

    @Test("an episode has disjoint support and query, class after class, of distinct classes")
    func structure() throws {
        let rotated = Self.images.withRotations()
        let classOf = Dictionary(
            uniqueKeysWithValues: (0..<rotated.classCount).flatMap { c in rotated.images(ofClass: c).map { ($0, c) } })
        let sampler = try EpisodeSampler(rotated, ways: 5, shots: 3, queries: 15, seed: 4)
        for number in 0..<200 {
            let episode = sampler.episode(number)
            #expect(
                episode.support.count == 15 && episode.query.count == 75
                    && Set(episode.support + episode.query).count == 90)
            #expect(
                episode.supportLabels == (0..<15).map { Int32($0 / 3) }
                    && episode.queryLabels == (0..<75).map { Int32($0 / 15) })
            let classes = (0..<5).map { classOf[episode.support[3 * $0]]! }
            #expect(Set(classes).count == 5)
            for (image, label) in zip(episode.support + episode.query, episode.supportLabels + episode.queryLabels) {
                #expect(classOf[image] == classes[Int(label)])
            }
        }
    }

    @Test("an episode depends on the seed and its number alone")
    func randomAccess() throws {
        let sampler = try EpisodeSampler(Self.images, ways: 5, shots: 1, seed: 4)
        let forward = (0..<50).map(sampler.episode), backward = (0..<50).reversed().map(sampler.episode)
        #expect(forward == backward.reversed() && Set(forward).count == 50)
        #expect(try EpisodeSampler(Self.images, ways: 5, shots: 1, seed: 5).episode(0) != forward[0])
    }

    @Test("classes and images are drawn uniformly")
    func uniformity() throws {
        let sampler = try EpisodeSampler(Self.images, ways: 3, shots: 1, queries: 1, seed: 9)
        var counts = [Int](repeating: 0, count: 240)
        for number in 0..<20_000 { for image in sampler.episode(number).support { counts[image] += 1 } }
        // Each image is drawn 20,000 · 3/240 = 250 times, standard deviation 15.7; five of them are 79.
        #expect(counts.allSatisfy { abs($0 - 250) < 79 })
    }

    @Test("a class of too few images is asked them again in turn, the others are as ever")
    func shortClasses() throws {
        let all = Self.images, few = all.selecting(Array(0..<4)).shortened(class: 2, to: 6)
        let sampler = try EpisodeSampler(few, ways: 4, shots: 2, queries: 9, seed: 1, repeatsQueries: true)
        #expect(sampler.shortClassCount == 1)
        for number in 0..<50 {
            let episode = sampler.episode(number)
            for label in 0..<4 {
                let support = episode.support[(2 * label)..<(2 * label + 2)],
                    query = Array(episode.query[(9 * label)..<(9 * label + 9)])
                let isShort = few.images(ofClass: 2).contains(support.first!)
                #expect(Set(support).count == 2 && Set(support).isDisjoint(with: query))
                #expect(Set(query).count == (isShort ? 4 : 9))
                if isShort { #expect(query[4...] == query[..<5]) }
            }
        }
        // Where every class has enough, what is allowed changes nothing.
        let (strict, free) = try (
            EpisodeSampler(all, ways: 5, shots: 1, seed: 4),
            EpisodeSampler(all, ways: 5, shots: 1, seed: 4, repeatsQueries: true)
        )
        #expect((0..<20).allSatisfy { strict.episode($0) == free.episode($0) } && free.shortClassCount == 0)
        #expect(
            complaint { _ = try EpisodeSampler(few, ways: 4, shots: 6, seed: 1, repeatsQueries: true) }
                == "glyphs: 6 + 1 = 7 images in every class expected, glyph 2 has 6")
    }

    @Test("too few images, classes or ways are named")
    func complaints() {
        #expect(
            complaint { _ = try EpisodeSampler(Self.images, ways: 5, shots: 6, seed: 0) }
                == "glyphs: 6 + 15 = 21 images in every class expected, glyph 0 has 20 (and 11 more classes have too "
                + "few)"
        )
        #expect(
            complaint { _ = try EpisodeSampler(Self.images, ways: 13, shots: 1, seed: 0) }
                == "glyphs: at least 13 classes expected for 13 ways, there are 12")
        #expect(
            complaint { _ = try EpisodeSampler(Self.images, ways: 1, shots: 0, seed: 0) }.contains("at least 2 ways"))
    }

    @Test("a frozen list comes back from its file, and a changed one or one of other images is refused")
    func lists() throws {
        let scratch = try Scratch(), path = "\(scratch.path)/episodes.txt"
        let list = EpisodeList(try EpisodeSampler(Self.images, ways: 5, shots: 1, seed: 1), of: Self.images, count: 20)
        try list.write(to: path)
        #expect(try EpisodeList(path: path, of: Self.images) == list)
        let other = Glyphs(seed: 1, side: 8).images(classes: 12, imagesPerClass: 20)
        #expect(complaint { _ = try EpisodeList(path: path, of: other) }.contains("they were drawn from"))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        func complaintAfter(_ change: (String) -> String) throws -> String {
            try scratch.write(Array(change(text).utf8), "episodes.txt")
            return complaint { _ = try EpisodeList(path: path, of: Self.images) }
        }
        #expect(
            try complaintAfter { $0.split(separator: "\n").dropLast().joined(separator: "\n") }.contains(
                "the list was changed"))
        #expect(try complaintAfter { String($0.dropLast(5)) }.contains("line 21: 80 image indices expected"))
        #expect(try complaintAfter { _ in "" }.contains("an episode list"))
    }
}

extension ImageClasses {
    /// The first images of one of the classes only.
    fileprivate func shortened(class index: Int, to count: Int) -> ImageClasses {
        ImageClasses(
            name: name, storage: storage,
            members: members.enumerated().map { i, member in
                let range = member.images
                return Member(
                    name: member.name,
                    images: i == index ? range.lowerBound..<(range.lowerBound + count) : range)
            })
    }
}
