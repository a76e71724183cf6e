#!/usr/bin/env python3
"""Makes DICOM files of several frames, as enhanced MR images are, in every encoding: dicom_frames.py FOLDER.
SPDX-License-Identifier: MIT"""
import sys
import warnings

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

warnings.simplefilter("ignore")


def group(**values):
    inner = Dataset()
    for keyword, value in values.items():
        setattr(inner, keyword, value)
    return Sequence([inner])


def enhanced(frames, shared, image_type=("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE")):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientName, ds.PatientID = "1.2.3", "1.2.3.1", "Muster^Max", "P1"
    ds.ImageType, ds.Modality, ds.Manufacturer = list(image_type), "MR", "SIEMENS"
    ds.MagneticFieldStrength, ds.PulseSequenceName = 3.0, "ep_b"
    ds.Rows = ds.Columns = 4
    ds.BitsAllocated, ds.PixelRepresentation = 8, 0
    ds.NumberOfFrames = len(frames)
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(frames)
    ds.PixelData = bytes(16 * len(frames))
    return ds


def shared_groups(**more):
    ds = Dataset()
    ds.PixelMeasuresSequence = group(PixelSpacing=[0.5, 0.75], SliceThickness="3.6", SpacingBetweenSlices="4")
    ds.PlaneOrientationSequence = group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    ds.MREchoSequence = group(EffectiveEchoTime=63.5)
    ds.MRTimingAndRelatedParametersSequence = group(RepetitionTime="2700", FlipAngle="90")
    ds.MRModifierSequence = group(InversionTimes=[180.0])
    ds.ReferencedImageSequence = group(ReferencedSOPInstanceUID="9.9", PurposeOfReferenceCodeSequence=group(CodeValue="1"))
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def frame(z, **more):
    ds = Dataset()
    ds.FrameContentSequence = group(StackID="1", DimensionIndexValues=[1, int(z) + 1], FrameComments="Muster")
    ds.PlanePositionSequence = group(ImagePositionPatient=[-10, 20.5, z])
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def save(ds, name, syntax=ExplicitVRLittleEndian, undefined=False):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    file = FileDataset(sys.argv[1] + "/" + name, ds, file_meta=meta, preamble=bytes(128))
    file.is_little_endian = syntax != ExplicitVRBigEndian
    file.is_implicit_VR = syntax == ImplicitVRLittleEndian
    for element in file.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
    file.save_as(sys.argv[1] + "/" + name, write_like_original=False)


def diffusion(b_values=(0, 50, 800)):
    return [frame(z, MRDiffusionSequence=group(DiffusionBValue=float(b))) for b in b_values for z in range(4)]


save(enhanced(diffusion(), shared_groups()), "explicit.dcm")
save(enhanced(diffusion(), shared_groups()), "undefined.dcm", undefined=True)
save(enhanced(diffusion(), shared_groups()), "implicit.dcm", ImplicitVRLittleEndian)
save(enhanced(diffusion(), shared_groups()), "implicit-undefined.dcm", ImplicitVRLittleEndian, True)
save(enhanced(diffusion(), shared_groups()), "big.dcm", ExplicitVRBigEndian, True)
save(enhanced(diffusion(), shared_groups()), "deflated.dcm", DeflatedExplicitVRLittleEndian)
save(enhanced(diffusion([0]), shared_groups()), "one-b.dcm")
save(enhanced(diffusion([800]), shared_groups(), ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")), "adc.dcm")
# What the frames do not agree on: echo times, planes; a value that one of them lacks.
save(enhanced([frame(z, MREchoSequence=group(EffectiveEchoTime=63.5 + z)) for z in range(3)], Dataset()), "echoes.dcm")
planes = [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]]
three = shared_groups()
del three.PlaneOrientationSequence
save(enhanced([frame(0, PlaneOrientationSequence=group(ImageOrientationPatient=p)) for p in planes], three), "planes.dcm")
save(enhanced([frame(0, MRDiffusionSequence=group(DiffusionBValue=400.0)), frame(1)], shared_groups()), "lacks.dcm")
save(enhanced([], shared_groups()), "none.dcm")
few = enhanced(diffusion([50]), shared_groups())
few.NumberOfFrames = 9
save(few, "few.dcm")
# More than is read of a header: frames of 1 MiB each, in values that are small enough to be walked through.
long = [frame(z) for z in range(12)]
for f in long:
    block = f.private_block(0x0021, "SIEMENS MR SDS 01", create=True)
    for number in range(0x10, 0xF0):
        block.add_new(number, "LO", "x" * 60)
    f.FrameContentSequence[0].ReferencedImageSequence = Sequence([group(ReferencedSOPInstanceUID="1.2")[0] for _ in range(20000)])
save(enhanced(long, shared_groups()), "long.dcm", undefined=True)
