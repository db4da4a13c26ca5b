//! Owns the overview: the verdicts at a glance, family by family, and the matrix of families and variants.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use raceproof::Outcome;
use raceproof::outcome::Judgement;

use super::anchors::Anchors;
use super::circumstances::Circumstances;
use super::fitting::fitted;
use super::row::{Summary, class};
use super::{PageError, Visible, more};
use crate::wording;

/// Most scenarios that are listed: first those that are not as expected.
const ROWS_MAX: usize = 2_000;
/// Most that the matrix takes.
const ROWS_BYTES_MAX: usize = 2 << 20;
/// Most families that are counted at a glance.
const GLANCED_MAX: usize = 100;
const FAMILY_COLUMNS_MAX: usize = 40;

/// What the template of the overview is given.
#[derive(Template)]
#[template(path = "overview.html")]
pub(super) struct Overview {
    circumstances: Circumstances,
    /// The judgements that are neither a bug caught nor a promise that held, each with its colour.
    others: Vec<(&'static str, &'static str)>,
    glances: Vec<Glance>,
    /// `3 more families`, if not all are counted.
    unglanced: Option<String>,
    families: Vec<Family>,
    /// The words by which lines can be filtered.
    verdicts: BTreeSet<&'static str>,
    judgements: Vec<&'static str>,
    shown: usize,
    /// `3 more scenarios`, if not all are listed.
    unlisted: Option<String>,
}

/// One family's verdicts in numbers.
struct Glance {
    id: String,
    name: Visible,
    caught: u64,
    held: u64,
    /// In the order of the overview's.
    others: Vec<u64>,
}

/// The lines of one family.
#[derive(Template)]
#[template(path = "family.html")]
struct Family {
    id: String,
    name: Visible,
    told: String,
    rows: Vec<String>,
}

impl Overview {
    /// The overview of `outcomes`, whose violations are told at `stories`.
    pub(super) fn of(
        outcomes: &[&Outcome],
        stories: &[Option<String>],
        anchors: &mut Anchors,
    ) -> Result<Self, PageError> {
        let circumstances = Circumstances::of(outcomes.iter().copied());
        let listed = listed(outcomes);
        let grouped = grouped(outcomes, &listed);
        let mut families: Vec<Family> =
            grouped.iter().map(|(name, members)| Family::of(name, members, outcomes, anchors)).collect();
        Family::fill(&mut families, &grouped, &listed, |index| {
            Summary::of(outcomes[index], stories[index].clone(), &circumstances)
        })?;
        let shown = families.iter().map(|family| family.rows.len()).sum();
        let judgements: BTreeSet<Judgement> = outcomes.iter().map(|outcome| outcome.judgement()).collect();
        let others: Vec<_> =
            judgements.iter().copied().filter(|judgement| *judgement != Judgement::AsExpected).collect();
        let glance = |(family, (_, members)): (&Family, &(&str, Vec<usize>))| {
            Glance::of(family, members.iter().map(|index| outcomes[*index]), &others)
        };
        Ok(Self {
            glances: families.iter().zip(&grouped).take(GLANCED_MAX).map(glance).collect(),
            unglanced: more(families.len().saturating_sub(GLANCED_MAX), "family"),
            verdicts: outcomes.iter().map(|outcome| outcome.verdict.word()).collect(),
            judgements: judgements.into_iter().map(wording::judgement).collect(),
            unlisted: more(outcomes.len() - shown, "scenario"),
            circumstances,
            others: others.iter().map(|other| (wording::judgement(*other), class(*other))).collect(),
            families,
            shown,
        })
    }
}

impl Family {
    fn of(name: &str, members: &[usize], outcomes: &[&Outcome], anchors: &mut Anchors) -> Self {
        let mut counts: BTreeMap<Judgement, u64> = BTreeMap::new();
        for index in members {
            *counts.entry(outcomes[*index].judgement()).or_default() += 1;
        }
        let told: Vec<_> = counts.into_iter().map(|(judged, count)| wording::judged(count, judged)).collect();
        Self {
            id: anchors.name("family", name),
            name: Visible::cut_to(name, FAMILY_COLUMNS_MAX),
            told: told.join(", "),
            rows: Vec::new(),
        }
    }
}

impl Family {
    /// Gives each family its lines, as whole as the bound lets them be.
    fn fill(
        families: &mut [Self],
        grouped: &[(&str, Vec<usize>)],
        listed: &BTreeSet<usize>,
        line: impl Fn(usize) -> Summary,
    ) -> Result<(), PageError> {
        let mut bytes_max = ROWS_BYTES_MAX;
        for family in families.iter() {
            bytes_max = bytes_max.saturating_sub(family.render()?.len());
        }
        let is_listed = |index: &&usize| listed.contains(index);
        let counts = grouped.iter().map(|(_, members)| members.iter().filter(is_listed).count());
        let order: Vec<usize> =
            grouped.iter().flat_map(|(_, members)| members.iter().filter(is_listed).copied()).collect();
        let mut rows = fitted(order.len(), 2, bytes_max, |place, level, into| {
            let row = line(order[place]);
            if level == 0 { row.render_into(into) } else { row.brief().render_into(into) }
        })?
        .into_iter();
        for (family, count) in families.iter_mut().zip(counts) {
            family.rows = rows.by_ref().take(count).flatten().collect();
        }
        Ok(())
    }
}

impl Glance {
    fn of<'a>(family: &Family, members: impl Iterator<Item = &'a Outcome>, others: &[Judgement]) -> Self {
        let mut glance = Self {
            id: family.id.clone(),
            name: family.name.clone(),
            caught: 0,
            held: 0,
            others: vec![0; others.len()],
        };
        for outcome in members {
            let judgement = outcome.judgement();
            match others.iter().position(|other| *other == judgement) {
                Some(place) => glance.others[place] += 1,
                None if outcome.verdict.violation().is_some() => glance.caught += 1,
                None => glance.held += 1,
            }
        }
        glance
    }
}

/// Which outcomes are listed: of too many, those that are not as expected come before the others.
fn listed(outcomes: &[&Outcome]) -> BTreeSet<usize> {
    let mut places: Vec<usize> = (0..outcomes.len()).collect();
    places.sort_by_key(|place| outcomes[*place].judgement() == Judgement::AsExpected);
    places.into_iter().take(ROWS_MAX).collect()
}

/// The members of each family of which one is listed, in the order in which the families first occur.
fn grouped<'a>(outcomes: &[&'a Outcome], listed: &BTreeSet<usize>) -> Vec<(&'a str, Vec<usize>)> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut grouped: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        let family = outcome.card.family();
        let place = *places.entry(family).or_insert(grouped.len());
        if place == grouped.len() {
            grouped.push((family, Vec::new()));
        }
        grouped[place].1.push(index);
    }
    grouped.retain(|(_, members)| members.iter().any(|index| listed.contains(index)));
    grouped
}
